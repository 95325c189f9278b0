"""A Textual app without a terminal: what a test types, and what then stands on the screen."""

import asyncio


def play(app, act, size=(80, 24)):
    """Run `app`, and `act(pilot)` in it."""

    async def main():
        async with app.run_test(size=size) as pilot:
            await act(pilot)

    asyncio.run(main())


def drawn(app):
    """The screen as text, a line each, without the blanks at their ends."""
    return "".join(f"{strip.text.rstrip()}\n" for strip in app.screen._compositor.render_strips())
