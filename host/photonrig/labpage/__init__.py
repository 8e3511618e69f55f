"""The lab in a browser: every slot as a card, its buttons, its serial lines, events, and who owned what when.

changes.py   what changed, told to whoever has the page open, and to the terminal
watch.py     looks at devices and cloud
terminal.py  the same in words, for the terminal
logbook.py   what each slot logged, for photonrig logs
console.py   the serial console of one slot
hands.py     what a button of the page does
server.py    the page on loopback, for those who have its address
page/        what the browser gets: no build step, nothing from elsewhere
"""
