using KadOrleans.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace KadOrleans.Tests.WebConsole;

/// <summary>The console of a real <c>kad node</c> in a network of six.</summary>
public sealed class NodeConsoleTests(NodeConsolePlace place) : ConsoleContract(place), IClassFixture<NodeConsolePlace>
{
    // The pages of a cluster are the same.
    [Fact]
    public Task Each_page_opens_in_the_dark_on_a_phone() => OpenEachPageAsync(Phone, ColorScheme.Dark);

    [Fact]
    public async Task A_node_has_no_shards_to_double()
    {
        await using var window = await Served.OpenAsync();
        await window.LogInAsync(Served.Manager);
        await window.GoAsync("usage", "Usage");

        await Expect(window.Page.GetByText("A node holds its keys in one file, without shards.")).ToBeVisibleAsync();
        await Expect(window.Heading("Number of shards")).ToHaveCountAsync(0);
        Assert.DoesNotContain(window.Requests, request => request.EndsWith("/shards", StringComparison.Ordinal));
        Assert.Empty(window.Errors);
    }
}
