using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace KadOrleans.Browser;

/// <summary>What is changed and begun by the console in a browser, over a node and over a cluster.</summary>
[Needs(Need.Chromium)]
public abstract class ConsoleChangesContract(ConsolePlace place)
{
    [Fact]
    public Task A_value_is_set_for_a_time_and_then_published() => place.RunAsync(place.Manager, "keys/text/made%20here", "Keys", async window =>
    {
        await window.Page.GetByText("Set a value").ClickAsync();
        await window.Page.GetByLabel("Type").SelectOptionAsync("int");
        await window.FillAsync("Value", "forty-two");
        await window.ConfirmAsync("Set");
        await Expect(window.Alert).ToContainTextAsync("an int is a whole number");

        await window.FillAsync("Value", "42");
        await window.FillAsync("Seconds to live", "3600");
        await window.ConfirmAsync("Set");
        await Expect(window.Page.Locator("pre.value")).ToHaveTextAsync("42");
        await Expect(window.Page.Locator("dl.facts")).ToContainTextAsync("not from here");

        await window.FillAsync("Seconds to live", string.Empty);
        await window.ConfirmAsync("Set");
        await Expect(window.Page.GetByText("and published again each day.")).ToBeVisibleAsync();
        await Expect(window.Page.Locator("dl.facts")).ToContainTextAsync("last ");
        await window.IsAuditedAsync("stored");
    });

    [Fact]
    public Task A_value_of_a_new_key_is_set_on_the_page_of_keys() => place.RunAsync(place.Manager, "keys", "Keys", async window =>
    {
        await window.Page.GetByText("New value").ClickAsync();
        await window.FillAsync("Key", "made at once");
        await window.FillAsync("Value", "new");
        await window.ConfirmAsync("Set");

        await Expect(window.Rows.Filter(new() { HasText = "made at once" })).ToHaveCountAsync(1);
        await window.Page.GetByRole(AriaRole.Link, new() { Name = "Open the key made at once" }).ClickAsync();
        await Expect(window.Page.Locator("pre.value")).ToHaveTextAsync("new");
    });

    [Fact]
    public Task Who_may_make_no_token_is_told_why_and_may_end_some() => place.RunAsync(place.Manager, "bans", "Bans", async window =>
    {
        // As a server with an identity provider answers its users.
        const string Why = "A user makes no tokens.";
        await window.Page.RouteAsync("**/v1/admin/tokens", async route =>
        {
            var answer = await route.FetchAsync();
            var tokens = JsonNode.Parse(await answer.TextAsync())!;
            tokens["makingObstacle"] = Why;
            await route.FulfillAsync(new() { Response = answer, Body = tokens.ToJsonString() });
        });
        await window.GoAsync("tokens", "Tokens");

        await Expect(window.Page.GetByText(Why)).ToBeVisibleAsync();
        await Expect(window.Page.GetByText("New token")).ToHaveCountAsync(0);
        await Expect(window.Page.GetByRole(AriaRole.Button, new() { Name = "End the token manager" })).ToHaveCountAsync(1);
    });

    [Fact]
    public Task A_token_is_made_shown_once_and_ended() => place.RunAsync(place.Manager, "tokens", "Tokens", async window =>
    {
        await window.Page.GetByText("New token").ClickAsync();
        await window.FillAsync("Name", "manager");
        await window.Button("Make").ClickAsync();
        await Expect(window.Alert).ToContainTextAsync("two tokens have the name 'manager'");
        await window.FillAsync("Name", "a visitor");
        await window.Page.GetByRole(AriaRole.Checkbox, new() { Name = "read" }).UncheckAsync();
        await window.Page.GetByRole(AriaRole.Checkbox, new() { Name = "view" }).CheckAsync();
        await window.Button("Make").ClickAsync();
        var secret = await window.Page.GetByLabel("The token", new() { Exact = true }).InputValueAsync();
        await Expect(window.Rows.Filter(new() { HasText = "a visitor" })).ToContainTextAsync("view");

        await using var visitor = await place.LogInAsync(secret, "tokens", "Tokens");
        await Expect(visitor.Rows.Filter(new() { HasText = "a visitor" })).ToContainTextAsync("yours");
        await Expect(visitor.Page.GetByText("New token")).ToHaveCountAsync(0);
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "End the token a visitor" }).ClickAsync();
        await window.Button("End").ClickAsync();
        await Expect(window.Page.GetByText("The token a visitor has ended.")).ToBeVisibleAsync();
        await Expect(window.Rows.Filter(new() { HasText = "a visitor" })).ToHaveCountAsync(0);
        await window.IsAuditedAsync("ended");

        await visitor.Page.EvaluateAsync("location.hash = '#/usage'");
        await Expect(visitor.Page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The session has ended; log in again.");
    });

    [Fact]
    public Task Many_values_are_imported_from_a_file_and_each_that_was_not_stored_is_named() => place.RunAsync(place.Manager, "keys", "Keys", async window =>
    {
        await window.Page.GetByText("Import many values").ClickAsync();
        await ChooseAsync(["{\"key\":\"never\",\"value\":1}", "", "[]"]);
        await Expect(window.Alert).ToHaveTextAsync("Line 3 is no JSON object. Nothing was stored.");
        await ChooseAsync(["{\"key\":\"never\",\"op\":\"delete\"}"]);
        await Expect(window.Alert).ToContainTextAsync("Line 1 has \"op\"");

        // Three requests; the last line's value may not take the place of one that is published.
        await ChooseAsync(
        [
            .. Enumerable.Range(0, 140).Select(i => $"{{\"key\":\"many {i}\",\"value\":{i}}}"),
            "{\"key\":\"many digits\",\"value\":18446744073709551615}",
            "{\"key\":\"many 0\",\"value\":\"other\",\"life\":60}",
        ]);
        await Expect(window.Page.Locator("dialog")).ToContainTextAsync("142 values of values.jsonl");
        await window.Button("Import").ClickAsync();

        await Expect(window.Alert).ToHaveTextAsync("141 values of 142 were stored.");
        await Expect(window.Page.Locator("main li")).ToContainTextAsync("Line 142: ");
        foreach (var (key, value) in new[] { ("digits", "18446744073709551615"), ("139", "139") })
        {
            var got = await place.Http.GetStringAsync(new Uri($"/v1/keys/many%20{key}", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Contains($"\"value\":{value},", got, StringComparison.Ordinal);
        }

        using var never = await place.Http.GetAsync(new Uri("/v1/keys/never", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, never.StatusCode);

        async Task ChooseAsync(string[] lines)
        {
            var content = Encoding.UTF8.GetBytes(string.Join('\n', lines));
            await window.Page.GetByLabel("File").SetInputFilesAsync(new FilePayload { Name = "values.jsonl", MimeType = "application/jsonl", Buffer = content });
            await window.Button("Import…").ClickAsync();
        }
    });

    [Fact]
    public async Task A_key_is_deleted_once_it_is_confirmed_and_the_audit_log_has_it()
    {
        await place.PutAsync("unwanted", "value");
        await using var window = await place.LogInAsync(place.Manager, "keys/text/unwanted", "Keys");
        await window.Button("Delete…").ClickAsync();
        await window.Button("Cancel").ClickAsync();
        await Expect(window.Page.Locator("dl.facts")).ToContainTextAsync("holds a text");
        await window.GoAsync("publications", "Publications");
        await window.Page.Locator($"a[href$='{NodeId.FromKey("unwanted")}']").ClickAsync();

        await window.ConfirmAsync("Delete");

        await Expect(window.Page.GetByText("The key is deleted here.")).ToBeVisibleAsync();
        await Expect(window.Page.Locator("dl.facts")).ToContainTextAsync("not held");
        await window.IsAuditedAsync("was held");
        Assert.Empty(window.Errors);
    }

    [Fact]
    public Task A_crawl_is_watched_to_its_end_and_looked_into() => place.RunAsync(place.Manager, "network", "Network", async window =>
    {
        await window.FillAsync("Datagrams a second", place.WatchableCrawl);
        await window.Button("Crawl now").ClickAsync();

        // It runs for some seconds: each node is asked for its whole table.
        var running = window.Page.Locator("[data-crawl]");
        await Expect(running).ToContainTextAsync("A crawl runs");
        var id = await running.GetAttributeAsync("data-crawl");
        await Expect(window.Page.GetByText("The crawl finished:")).ToBeVisibleAsync();

        // An earlier crawl's picture may be there until the list has this one.
        await Expect(window.Page.Locator($"a[href='#/network/{id}']")).ToBeVisibleAsync();
        var dots = window.Page.Locator(".ring .node");
        await Expect(dots.First).ToBeAttachedAsync();
        var all = await dots.CountAsync();
        Assert.True(all >= 3, $"{all} nodes");
        await Expect(window.Page.Locator(".nodes details")).ToHaveCountAsync(all);

        // Nearer, by the keyboard, to where the first node is.
        var first = (await window.Page.Locator(".nodes summary code").First.GetAttributeAsync("title"))!;
        var sixteenth = window.Page.GetByRole(AriaRole.Button, new() { NameRegex = new($"^{first[0]}…:") });
        await sixteenth.FocusAsync();
        await window.Page.Keyboard.PressAsync("Enter");
        await Expect(window.Page.Locator(".crumb[aria-current]")).ToHaveTextAsync(first[..1]);
        await window.Page.Locator(".nodes summary").First.ClickAsync();
        await Expect(window.Page.Locator(".nodes details").First).ToContainTextAsync(first);
    });

    [Fact]
    public Task A_crawl_is_stopped_and_what_it_found_is_kept() => place.RunAsync(place.Manager, "network", "Network", async window =>
    {
        await window.FillAsync("Datagrams a second", "1");
        await window.Button("Crawl now").ClickAsync();

        await window.Button("Stop").ClickAsync();

        await Expect(window.Page.GetByText("The crawl stopped:")).ToBeVisibleAsync();
        await Expect(window.Rows.First).ToContainTextAsync("stopped");
        await window.IsAuditedAsync("stop crawl");
    });

    [Fact]
    public Task A_contact_is_dropped_and_work_begun() => place.RunAsync(place.Manager, "table", "Routing table", async window =>
    {
        await window.Button("Random walk").ClickAsync();
        await Expect(window.Page.Locator(".notice")).ToContainTextAsync("egun by 1 table");
        await window.GoAsync("publications", "Publications");
        await window.Button("Republish what is due").ClickAsync();
        await Expect(window.Page.Locator(".notice")).ToContainTextAsync("egun by");

        await window.GoAsync("table", "Routing table");
        await window.Page.Locator(".buckets details:has(li) summary").First.ClickAsync();
        await window.Page.Locator(".contact-list a").First.ClickAsync();
        await Expect(window.Heading("Contact")).ToBeVisibleAsync();
        await Expect(window.Rows).ToContainTextAsync("in its bucket");
        await window.ConfirmAsync("Drop");

        await Expect(window.Page.GetByText("It left 1 table.")).ToBeVisibleAsync();
    });

    [Fact]
    public Task A_range_is_banned_and_its_ban_ended() => place.RunAsync(place.Manager, "bans", "Bans", async window =>
    {
        await window.FillAsync("Ban", "nobody");
        await window.Button("Ban…").ClickAsync();
        await Expect(window.Alert).ToContainTextAsync("ban is 'nobody'");
        await Expect(window.Page.Locator("dialog")).ToHaveCountAsync(0);

        await window.FillAsync("Ban", "203.0.113.0/24");
        await window.ConfirmAsync("Ban");
        await Expect(window.Rows).ToContainTextAsync("203.0.113.0/24");
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "End the ban of 203.0.113.0/24" }).ClickAsync();

        await Expect(window.Page.GetByText("Nobody is banned.")).ToBeVisibleAsync();
    });

    [Fact]
    public Task A_limit_is_changed_and_set_back() => place.RunAsync(place.Manager, "limits", "Limits", async window =>
    {
        var row = window.Rows.Filter(new() { HasText = "crawlRate" });
        await Expect(row).ToContainTextAsync("datagrams per second");
        await window.Page.GetByLabel("Limit", new() { Exact = true }).SelectOptionAsync("crawlRate");
        await window.FillAsync("Value", "10001");
        await window.ConfirmAsync("Change");
        await Expect(window.Alert).ToHaveTextAsync("The limit crawlRate is 10001; 1 to 10000 datagrams per second are allowed.");

        await window.Page.GetByLabel("Limit", new() { Exact = true }).SelectOptionAsync("crawlRate");
        await window.FillAsync("Value", "77");
        await window.ConfirmAsync("Change");
        await Expect(row.Locator("td").Nth(1)).ToHaveTextAsync("77");
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Set back: crawlRate" }).ClickAsync();

        await Expect(window.Page.GetByText("crawlRate is as the setting says.")).ToBeVisibleAsync();
        await Expect(row.Locator("td").Nth(1)).ToHaveTextAsync("200");

        await using var viewer = await place.LogInAsync(place.Viewer, "limits", "Limits");
        await viewer.Rows.First.WaitForAsync();
        await Expect(viewer.Button("Change…")).ToHaveCountAsync(0);
    });
}
