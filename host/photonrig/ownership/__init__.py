"""Who owns a device: the model of claims and transfers, and the flows that carry them out."""
