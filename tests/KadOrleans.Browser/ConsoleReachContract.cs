using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace KadOrleans.Browser;

/// <summary>Whom the console reaches: on a phone, by the keyboard alone, with a screen reader or weak sight.</summary>
[Needs(Need.Chromium)]
public abstract class ConsoleReachContract(ConsolePlace place)
{
    /// <summary>The width of a phone's window, in pixels.</summary>
    private const int Phone = 390;

    [Theory]
    [Needs(Need.Axe)]
    [InlineData(1440, ColorScheme.Light)]
    [InlineData(1440, ColorScheme.Dark)]
    [InlineData(Phone, ColorScheme.Light)]
    [InlineData(Phone, ColorScheme.Dark)]
    public async Task No_page_has_a_barrier(int width, ColorScheme colors)
    {
        await place.PutAsync("looked-at", "value");
        await using var window = await place.OpenAsync(width, 900, colors, Machine.Axe);
        var found = new List<string>();
        await LookAsync("login");
        await window.LogInAsync(place.Manager);
        await window.Page.Locator(".tile small").First.WaitForAsync();
        foreach (var (path, heading) in ((string, string)[])
            [.. ConsoleContract.Pages, ("keys/text/looked-at", "Keys"), ("lookup/node/text/looked-at", "Try a lookup"), ($"contact/{NodeId.MaxValue}", "Contact"), ("nonsense", "No such page")])
        {
            await window.GoAsync(path, heading);
            await window.Page.EvaluateAsync("for (const one of document.querySelectorAll('main details')) one.open = true");
            await LookAsync(path);
        }

        await window.GoAsync("bans", "Bans");
        await window.FillAsync("Ban", "203.0.113.0/24");
        await window.Button("Ban…").ClickAsync();
        await window.Page.Locator("dialog").WaitForAsync();
        await LookAsync("a question");
        await window.Page.GotoAsync("/console/docs/runbook.md");
        await LookAsync("the runbook");

        Assert.Empty(found);

        async Task LookAsync(string page)
        {
            var violations = await window.Page.EvaluateAsync<string[]>(
                "async () => (await axe.run()).violations.flatMap(one => one.nodes.map(node => `${one.id} at ${node.target}: ${node.failureSummary}`))");
            found.AddRange(violations.Select(violation => $"{page}: {violation}"));
        }
    }

    [Fact]
    public async Task On_a_phone_rows_are_lists_of_label_and_value_and_the_pages_are_seen_to_go_on()
    {
        await place.PutAsync("on-a-phone", "value");
        await using var window = await place.OpenAsync(Phone);
        await window.LogInAsync(place.Viewer);
        await Expect(window.Page.Locator("nav")).ToHaveClassAsync("after");
        await window.GoAsync("audit", "Audit log");
        await Expect(window.Page.Locator("nav")).ToHaveClassAsync(new Regex("before"));

        await window.GoAsync("keys", "Keys");
        var cells = window.Rows.First.Locator("td");
        Assert.Equal(7, await cells.CountAsync());
        foreach (var cell in await cells.AllAsync())
        {
            var box = (await cell.BoundingBoxAsync())!;
            Assert.InRange(box.X + box.Width, 0, Phone);
        }

        Assert.Equal("\"Type\"", await cells.Nth(1).EvaluateAsync<string>("cell => getComputedStyle(cell, '::before').content"));
        Assert.Equal("grid", await cells.Nth(1).EvaluateAsync<string>("cell => getComputedStyle(cell).display"));
        Assert.Empty(window.Errors);
    }

    [Fact]
    public async Task By_the_keyboard_alone_one_logs_in_stores_a_value_and_finds_it()
    {
        await using var window = await place.OpenAsync();
        var keyboard = window.Page.Keyboard;
        await Expect(window.Page.GetByLabel("Token")).ToBeFocusedAsync();
        await keyboard.TypeAsync(place.Manager);
        await keyboard.PressAsync("Enter");
        await window.Heading("Overview").WaitForAsync();

        await TabToAsync("Keys");
        await keyboard.PressAsync("Enter");
        await window.Heading("Keys").WaitForAsync();
        await TabToAsync("New value");
        await keyboard.PressAsync("Enter");
        await keyboard.PressAsync("Tab");
        await keyboard.TypeAsync("by keyboard");
        await keyboard.PressAsync("Tab");
        await keyboard.PressAsync("Tab");
        await keyboard.TypeAsync("typed");
        await TabToAsync("Set…");
        await keyboard.PressAsync("Enter");
        await Expect(window.Button("Cancel")).ToBeFocusedAsync();
        await keyboard.PressAsync("Tab");
        await keyboard.PressAsync("Enter");
        await Expect(window.Page.GetByText("and published again each day.")).ToBeVisibleAsync();
        await TabToAsync("Open the key by keyboard");
        await keyboard.PressAsync("Enter");

        await Expect(window.Page.Locator("pre.value")).ToHaveTextAsync("typed");
        Assert.Empty(window.Errors);

        // As often as there are things that take the focus.
        async Task TabToAsync(string text)
        {
            for (var presses = 0; presses < 200; presses++)
            {
                await keyboard.PressAsync("Tab");
                if (await window.Page.EvaluateAsync<string>("(document.activeElement?.textContent ?? '').trim()") == text)
                {
                    return;
                }
            }

            Assert.Fail($"The focus does not reach '{text}'.");
        }
    }
}
