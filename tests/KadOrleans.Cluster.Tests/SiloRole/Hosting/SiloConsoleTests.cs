using KadOrleans.Browser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace KadOrleans.Cluster.Tests.SiloRole;

[Needs(Need.Chromium)]
public sealed class SiloConsoleTests(SiloConsolePlace place) : IClassFixture<SiloConsolePlace>
{
    private const int Shards = 1 << SiloConsolePlace.ShardBits;

    [Fact]
    public async Task The_silos_are_shown_and_a_key_is_found()
    {
        await using var window = await place.LogInAsync(place.Viewer, "silos", "Silos");

        var row = window.Page.GetByRole(AriaRole.Region, new() { Name = "Silos" }).Locator("tbody tr");
        await Expect(row).ToContainTextAsync("holds the edge directory");
        await Expect(row.Locator(".mark")).ToHaveTextAsync("ready");
        await window.Page.GetByLabel("Key", new() { Exact = true }).FillAsync("a/b");
        await window.Button("Find its shard").ClickAsync();

        await Expect(window.Page.GetByText(new Regex(@"^Shard \d+ is active on S"))).ToBeVisibleAsync();
        Assert.Empty(window.Errors);
    }

    [Fact]
    public async Task Edges_are_compared_in_one_table()
    {
        await using var window = await place.LogInAsync(place.Viewer, "nodes", "Nodes");

        var edges = window.Page.GetByRole(AriaRole.Region, new() { Name = "Edges" });
        Assert.Equal(
            ["Edge", "State", "Contacts", "Sent again", "Share", "Waiting", "Late by", "Last sweep"], await edges.Locator("th").AllTextContentsAsync());
        await Expect(edges.Locator("tbody tr")).ToContainTextAsync("edge-of-the-test");
        await Expect(edges.Locator("tbody tr .mark").First).ToHaveTextAsync("live");
        Assert.Empty(window.Errors);
    }

    [Fact]
    public async Task An_edge_is_drained_and_resumed()
    {
        await using var window = await place.LogInAsync(place.Manager);
        var ids = (await ServingAsync(_ => true)).ToJsonString();

        await ChangeAsync(window, "Drain");
        await Expect(window.Page.Locator("article .mark")).ToHaveTextAsync("drained");
        await ChangeAsync(window, "Resume");
        Assert.Equal(ids, (await ServingAsync(_ => true)).ToJsonString());
        await window.GoAsync("keys", "Keys");
        await window.GoAsync("nodes", "Nodes");
        await Expect(window.Page.Locator("article .mark")).ToHaveTextAsync("live");
        await Expect(window.Page.GetByRole(AriaRole.Button, new() { Name = "Drain: edge-of-the-test" })).ToBeVisibleAsync();
        await Expect(window.Page.GetByRole(AriaRole.Button, new() { Name = "Forget: edge-of-the-test" })).ToHaveCountAsync(0);
        await window.GoAsync("audit", "Audit log");
        await Expect(window.Page.Locator("tbody tr").First).ToContainTextAsync("resume edge");
        Assert.Empty(window.Errors);
    }

    [Fact]
    public async Task An_edge_gets_other_ids()
    {
        await using var window = await place.LogInAsync(place.Manager);
        var before = (await ServingAsync(_ => true)).ToJsonString();

        await ChangeAsync(window, "Other ids");

        var ids = await ServingAsync(ids => ids.ToJsonString() != before);
        await window.GoAsync("keys", "Keys");
        await window.GoAsync("nodes", "Nodes");
        await Expect(window.Page.Locator("article code.whole")).ToHaveTextAsync(ids[0]!.GetValue<string>());
        Assert.Empty(window.Errors);
    }

    [Fact]
    public async Task The_shards_are_doubled_and_watched_to_the_end()
    {
        await using var window = await place.LogInAsync(place.Manager, "usage", "Usage");
        await Expect(window.Page.GetByText($"The cluster has {Shards} shards.")).ToBeVisibleAsync();
        await window.Button("Double the shards…").ClickAsync();
        await window.Button("Cancel").ClickAsync();
        await window.Button("Double the shards…").ClickAsync();
        await window.Button("Double").ClickAsync();

        await Expect(window.Page.GetByText($"The doubling is done: the cluster has {2 * Shards} shards.")).ToBeVisibleAsync();
        await Expect(window.Page.Locator(".squares rect")).ToHaveCountAsync(2 * Shards);
        await window.GoAsync("audit", "Audit log");
        await Expect(window.Page.Locator("tbody tr").Filter(new() { HasText = "double shards" })).ToContainTextAsync($"begun, from {Shards} to {2 * Shards}");
        Assert.Empty(window.Errors);
    }

    private static async Task ChangeAsync(ConsoleWindow window, string title)
    {
        await window.GoAsync("nodes", "Nodes");
        await window.Page.GetByRole(AriaRole.Button, new() { Name = $"{title}: edge-of-the-test" }).ClickAsync();
        await window.Button(title).ClickAsync();
        await Expect(window.Page.GetByText("edge-of-the-test: done.")).ToBeVisibleAsync();
    }

    private async Task<JsonArray> ServingAsync(Func<JsonArray, bool> isExpected)
    {
        var edge = await Eventually.ReadAsync(
            async () => JsonNode.Parse(await place.Http.GetStringAsync(new Uri("/v1/admin/edges", UriKind.Relative)))!["edges"]![0]!,
            edge => edge["state"]!.GetValue<string>() == "live" && edge["contacts"]!.GetValue<int>() > 0 && isExpected(edge["ids"]!.AsArray()));
        return edge["ids"]!.AsArray();
    }
}

/// <summary>What the console changes, over a silo with an edge. The fast tests do it over a node.</summary>
[Trait("Tier", "Long")]
public sealed class SiloConsoleChangeTests(SiloConsolePlace place) : ConsoleChangesContract(place), IClassFixture<SiloConsolePlace>;

/// <summary>Whom the console reaches, over a silo with an edge. The fast tests do it over a node.</summary>
[Trait("Tier", "Long")]
public sealed class SiloConsoleReachTests(SiloConsolePlace place) : ConsoleReachContract(place), IClassFixture<SiloConsolePlace>;

/// <summary>What the console shows, over a silo with an edge. The fast tests look at it over a node.</summary>
[Trait("Tier", "Long")]
public sealed class SiloConsolePagesTests(SiloConsolePlace place) : ConsoleContract(place), IClassFixture<SiloConsolePlace>;
