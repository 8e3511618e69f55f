"""Virtual slots: a virtual Photon as a process."""
