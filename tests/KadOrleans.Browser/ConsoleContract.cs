using System.Net;
using System.Text;
using KadOrleans.Core;
using KadOrleans.Testing.Conditions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace KadOrleans.Browser;

/// <summary>What the console does in a browser, over a node and over a cluster.</summary>
[Needs(Need.Chromium)]
public abstract class ConsoleContract(ConsolePlace place)
{
    /// <summary>Markup, a script, an override of the direction of text, and a command to a terminal.</summary>
    private const string Hostile = "<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">\u202egnp.exe\u001b[2J\u200b";

    /// <summary>The width of a phone's window, in pixels.</summary>
    protected const int Phone = 390;

    /// <summary>The console, and a browser.</summary>
    protected ConsolePlace Served => place;

    private static readonly (string Path, string Heading)[] Pages =
    [
        ("", "Overview"), ("network", "Network"), ("table", "Routing table"), ("lookup", "Try a lookup"), ("keys", "Keys"), ("publications", "Publications"), ("usage", "Usage"), ("nodes", "Nodes"), ("silos", "Silos"),
        ("bans", "Bans"), ("limits", "Limits"), ("audit", "Audit log"),
    ];

    [Fact]
    public Task Each_page_opens_without_an_error_and_within_the_window() => OpenEachPageAsync(1280, ColorScheme.Light);

    /// <summary>Opens all pages in one window.</summary>
    protected async Task OpenEachPageAsync(int width, ColorScheme colors)
    {
        await using var window = await place.OpenAsync(width, colors: colors);
        await window.LogInAsync(place.Manager);
        foreach (var (path, heading) in Pages)
        {
            await window.GoAsync(path, heading);
            await Expect(window.Alert).ToHaveCountAsync(0);
            Assert.True(await window.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), $"{heading} is wider than {width} pixels.");
        }

        Assert.Empty(window.Errors);
        Assert.All(window.Requests, request => Assert.StartsWith(place.Address.ToString(), request, StringComparison.Ordinal));
        var ground = await window.Page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
        Assert.Equal(colors == ColorScheme.Dark, ground.Split('(', ',')[1] is var red && int.Parse(red, System.Globalization.CultureInfo.InvariantCulture) < 128);
    }

    [Fact]
    public async Task The_overview_says_in_words_how_it_is_and_is_live()
    {
        await using var window = await place.OpenAsync();
        await window.LogInAsync(place.Manager);

        await Expect(window.Page.Locator(".health")).ToContainTextAsync("Ready.");
        await Expect(window.Page.Locator(".alarms li")).ToHaveCountAsync(5);
        await Expect(window.Page.Locator(".state")).ToHaveTextAsync("ready");

        // The second sample comes by itself.
        await Expect(window.Page.Locator(".chart .line").First).ToBeAttachedAsync();
    }

    [Fact]
    public async Task Only_a_token_that_may_view_logs_in_and_the_cookie_is_no_scripts()
    {
        await using var window = await place.OpenAsync();
        await window.TryLogInAsync("kad_wrong");
        await Expect(window.Alert).ToHaveTextAsync("The token is not one of this server's.");
        await window.TryLogInAsync(place.Reader);
        await Expect(window.Alert).ToContainTextAsync("lacks the scope 'view'");

        await window.LogInAsync(place.Viewer);

        var cookie = Assert.Single(await window.Page.Context.CookiesAsync());
        Assert.Equal((true, SameSiteAttribute.Strict), (cookie.HttpOnly, cookie.SameSite));
        Assert.Equal(string.Empty, await window.Page.EvaluateAsync<string>("document.cookie"));
        await window.Button("Log out").ClickAsync();
        await Expect(window.Page.GetByRole(AriaRole.Status)).ToHaveTextAsync("You are logged out.");
        await window.Page.ReloadAsync();
        await window.Page.GetByLabel("Token").WaitForAsync();
    }

    [Fact]
    public async Task A_session_that_ended_elsewhere_leads_to_the_login()
    {
        await using var window = await place.OpenAsync();
        await window.LogInAsync(place.Manager);
        await window.Page.Context.ClearCookiesAsync();

        await window.Page.EvaluateAsync("location.hash = '#/usage'");

        await Expect(window.Page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The session has ended; log in again.");
    }

    [Fact]
    public async Task What_strangers_stored_stays_text_and_its_signs_are_seen()
    {
        await PutAsync("hostile", Hostile);
        await using var window = await place.OpenAsync();
        await window.LogInAsync(place.Manager);
        await window.GoAsync("keys/text/hostile", "Keys");

        var value = window.Page.Locator("pre.value");
        await Expect(value).ToHaveTextAsync(Hostile.Replace("\u202e", "U+202E", StringComparison.Ordinal).Replace("\u001b", "U+001B", StringComparison.Ordinal).Replace("\u200b", "U+200B", StringComparison.Ordinal));
        Assert.Equal(0, await value.Locator("script, img").CountAsync());
        Assert.Equal("Keys · KadOrleans", await window.Page.TitleAsync());

        // The key itself is a stranger's text too, where it stands in the address.
        await window.GoAsync($"keys/text/{Uri.EscapeDataString(Hostile)}", "Keys");
        Assert.Equal(0, await window.Page.Locator("main script, main img").CountAsync());
        Assert.Empty(window.Errors);
    }

    [Fact]
    public async Task What_strangers_sent_stays_text_in_a_lookup_in_a_ban_and_in_the_audit_log()
    {
        await PutAsync("hostile", Hostile);
        using var refused = await place.Http.PostAsync(
            new Uri($"/v1/admin/edges/{Uri.EscapeDataString(Hostile)}?action=drain", UriKind.Relative), content: null, TestContext.Current.CancellationToken);
        Assert.False(refused.IsSuccessStatusCode);
        await using var window = await place.OpenAsync();
        await window.LogInAsync(place.Manager);

        await window.GoAsync("lookup/value/text/hostile", "Try a lookup");
        await Expect(window.Page.Locator(".health strong")).ToHaveTextAsync("Value found");
        await Expect(window.Page.Locator("pre.value")).ToContainTextAsync("U+202E");
        await IsTextAsync();
        await window.GoAsync("audit", "Audit log");
        await Expect(window.Page.Locator("td .target").Filter(new() { HasText = "<script>" }).First).ToBeVisibleAsync();
        await IsTextAsync();
        await window.GoAsync("bans", "Bans");
        await window.Page.GetByLabel("Ban", new() { Exact = true }).FillAsync(Hostile);
        await window.Button("Ban…").ClickAsync();
        await Expect(window.Page.Locator("dialog")).ToContainTextAsync("<script>");
        await IsTextAsync();
        await window.Button("Ban").ClickAsync();
        await Expect(window.Alert).ToContainTextAsync("ban is '<script>");
        await IsTextAsync();

        async Task IsTextAsync()
        {
            Assert.Equal(0, await window.Page.Locator("main script, main img, dialog script, dialog img").CountAsync());
            Assert.EndsWith(" · KadOrleans", await window.Page.TitleAsync(), StringComparison.Ordinal);
            Assert.Empty(window.Errors);
        }
    }

    [Fact]
    public async Task A_page_cannot_make_markup_of_text()
    {
        await using var window = await place.OpenAsync();

        var failure = await Assert.ThrowsAsync<PlaywrightException>(() => window.Page.EvaluateAsync("document.body.innerHTML = '<b>text</b>'"));

        Assert.Contains("TrustedHTML", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lookup_is_drawn_hop_by_hop()
    {
        await using var window = await place.OpenAsync();
        await window.LogInAsync(place.Viewer);
        await window.GoAsync("lookup", "Try a lookup");
        await window.Page.GetByLabel("Target", new() { Exact = true }).FillAsync("anything");
        await window.Button("Look up").ClickAsync();

        await Expect(window.Page.Locator(".health strong")).ToHaveTextAsync("Nodes found");
        var queries = await window.Page.Locator("tbody tr").CountAsync();
        Assert.InRange(queries, 1, 256);
        await Expect(window.Page.Locator("svg .hop")).ToHaveCountAsync(queries);
        await Expect(window.Page.Locator("svg .hop").First).ToHaveAttributeAsync("aria-label", new System.Text.RegularExpressions.Regex("answered with contacts.* ms"));
        Assert.Empty(window.Errors);
    }

    [Fact]
    public async Task A_value_is_set_for_a_time_and_then_published()
    {
        await using var window = await place.OpenAsync();
        await window.LogInAsync(place.Manager);
        await window.GoAsync("keys/text/made%20here", "Keys");
        await window.Page.GetByText("Set a value").ClickAsync();
        await window.Page.GetByLabel("Type").SelectOptionAsync("int");
        await window.Page.GetByLabel("Value", new() { Exact = true }).FillAsync("forty-two");
        await window.Button("Set…").ClickAsync();
        await window.Button("Set").ClickAsync();
        await Expect(window.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("an int is a whole number");

        await window.Page.GetByLabel("Value", new() { Exact = true }).FillAsync("42");
        await window.Page.GetByLabel("Seconds to live").FillAsync("3600");
        await window.Button("Set…").ClickAsync();
        await window.Button("Set").ClickAsync();
        await Expect(window.Page.Locator("pre.value")).ToHaveTextAsync("42");
        await Expect(window.Page.Locator("dl.facts")).ToContainTextAsync("not from here");

        await window.Page.GetByLabel("Seconds to live").FillAsync(string.Empty);
        await window.Button("Set…").ClickAsync();
        await window.Button("Set").ClickAsync();
        await Expect(window.Page.GetByText("and published again each day.")).ToBeVisibleAsync();
        await Expect(window.Page.Locator("dl.facts")).ToContainTextAsync("last ");
        await window.GoAsync("audit", "Audit log");
        await Expect(window.Page.Locator("tbody tr").First).ToContainTextAsync("stored");
    }

    [Fact]
    public async Task Many_values_are_imported_from_a_file_and_each_that_was_not_stored_is_named()
    {
        await using var window = await place.OpenAsync();
        await window.LogInAsync(place.Manager);
        await window.GoAsync("keys", "Keys");
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
        var digits = await place.Http.GetStringAsync(new Uri("/v1/keys/many%20digits", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Contains("18446744073709551615", digits, StringComparison.Ordinal);
        var last = await place.Http.GetStringAsync(new Uri("/v1/keys/many%20139", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Contains("139", last, StringComparison.Ordinal);
        using var never = await place.Http.GetAsync(new Uri("/v1/keys/never", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, never.StatusCode);
        Assert.Empty(window.Errors);

        async Task ChooseAsync(string[] lines)
        {
            var content = Encoding.UTF8.GetBytes(string.Join('\n', lines));
            await window.Page.GetByLabel("File").SetInputFilesAsync(new FilePayload { Name = "values.jsonl", MimeType = "application/jsonl", Buffer = content });
            await window.Button("Import…").ClickAsync();
        }
    }

    [Fact]
    public async Task A_key_is_deleted_once_it_is_confirmed_and_the_audit_log_has_it()
    {
        await PutAsync("unwanted", "value");
        await using var window = await place.OpenAsync();
        await window.LogInAsync(place.Manager);
        await window.GoAsync("keys/text/unwanted", "Keys");
        await window.Button("Delete…").ClickAsync();
        await window.Button("Cancel").ClickAsync();
        await Expect(window.Page.Locator("dl.facts")).ToContainTextAsync("held since");
        await window.GoAsync("publications", "Publications");
        await window.Page.Locator($"a[href$='{NodeId.FromKey("unwanted")}']").ClickAsync();

        await window.Button("Delete…").ClickAsync();
        await window.Button("Delete").ClickAsync();

        await Expect(window.Page.GetByText("The key is deleted here.")).ToBeVisibleAsync();
        await Expect(window.Page.Locator("dl.facts")).ToContainTextAsync("not held");
        await window.GoAsync("audit", "Audit log");
        await Expect(window.Page.Locator("tbody tr").First).ToContainTextAsync("was held");
        Assert.Empty(window.Errors);
    }

    [Fact]
    public async Task A_crawl_is_watched_to_its_end_and_looked_into()
    {
        await using var window = await place.OpenAsync();
        await window.LogInAsync(place.Manager);
        await window.GoAsync("network", "Network");
        await window.Page.GetByLabel("Datagrams a second").FillAsync(place.WatchableCrawl);
        await window.Button("Crawl now").ClickAsync();

        // It runs for some seconds: each node is asked for its whole table.
        await Expect(window.Page.Locator("[data-crawl]")).ToContainTextAsync("A crawl runs");
        await Expect(window.Page.GetByText("The crawl finished:")).ToBeVisibleAsync();
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
        Assert.Empty(window.Errors);
    }

    [Fact]
    public async Task A_crawl_is_stopped_and_what_it_found_is_kept()
    {
        await using var window = await place.OpenAsync();
        await window.LogInAsync(place.Manager);
        await window.GoAsync("network", "Network");
        await window.Page.GetByLabel("Datagrams a second").FillAsync("1");
        await window.Button("Crawl now").ClickAsync();

        await window.Button("Stop").ClickAsync();

        await Expect(window.Page.GetByText("The crawl stopped:")).ToBeVisibleAsync();
        await Expect(window.Page.Locator("tbody tr").First).ToContainTextAsync("stopped");
        await window.GoAsync("audit", "Audit log");
        await Expect(window.Page.Locator("tbody tr").First).ToContainTextAsync("stop crawl");
        Assert.Empty(window.Errors);
    }

    [Fact]
    public async Task A_key_is_found_by_the_beginning_of_its_id_and_counted()
    {
        await PutAsync("listed", "value");
        var id = NodeId.FromKey("listed").ToString();
        await using var window = await place.OpenAsync();
        await window.LogInAsync(place.Viewer);
        await window.GoAsync("usage", "Usage");
        await Expect(window.Page.Locator(".tile strong").First).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^[1-9]"));

        await window.GoAsync("keys", "Keys");
        await window.Page.GetByLabel("List held keys").FillAsync(id[..8]);
        await window.Button("List").ClickAsync();
        await Expect(window.Page.Locator("tbody tr")).ToHaveCountAsync(1);
        await window.Page.Locator($"a[href$='{id}']").ClickAsync();

        await Expect(window.Page.Locator("pre.value")).ToHaveTextAsync("value");
        Assert.Empty(window.Errors);
    }

    [Fact]
    public async Task The_usage_shows_who_stored_it()
    {
        await PutAsync("counted", "value");
        await using var window = await place.OpenAsync();
        await window.LogInAsync(place.Viewer);
        await window.GoAsync("usage", "Usage");

        var row = window.Page.GetByRole(AriaRole.Region, new() { Name = "Usage by source network" }).Locator("tbody tr").Filter(new() { HasText = "trusted" });
        await Expect(row.Locator("svg.bar")).ToHaveCountAsync(2);
        await Expect(row.GetByRole(AriaRole.Link)).ToHaveCountAsync(0);
        await Expect(window.Button("Double the shards…")).ToHaveCountAsync(0);
        Assert.Empty(window.Errors);
    }

    [Fact]
    public async Task A_contact_is_dropped_and_work_begun()
    {
        await using var window = await place.OpenAsync();
        await window.LogInAsync(place.Manager);
        await window.GoAsync("table", "Routing table");
        await window.Button("Random walk").ClickAsync();
        await Expect(window.Page.Locator(".notice")).ToContainTextAsync("egun by 1 table");
        await window.GoAsync("publications", "Publications");
        await window.Button("Republish what is due").ClickAsync();
        await Expect(window.Page.Locator(".notice")).ToContainTextAsync("egun by");

        await window.GoAsync("table", "Routing table");
        await window.Page.Locator(".buckets details:has(li) summary").First.ClickAsync();
        await window.Page.Locator(".contact-list a").First.ClickAsync();
        await Expect(window.Heading("Contact")).ToBeVisibleAsync();
        await Expect(window.Page.Locator("tbody tr")).ToContainTextAsync("in its bucket");
        await window.Button("Drop…").ClickAsync();
        await window.Button("Drop").ClickAsync();

        await Expect(window.Page.GetByText("It left 1 table.")).ToBeVisibleAsync();
        Assert.Empty(window.Errors);
    }

    [Fact]
    public async Task A_range_is_banned_and_its_ban_ended()
    {
        await using var window = await place.OpenAsync();
        await window.LogInAsync(place.Manager);
        await window.GoAsync("bans", "Bans");
        await window.Page.GetByLabel("Ban", new() { Exact = true }).FillAsync("nobody");
        await window.Button("Ban…").ClickAsync();
        await window.Button("Ban").ClickAsync();
        await Expect(window.Alert).ToContainTextAsync("ban is 'nobody'");

        await window.Page.GetByLabel("Ban", new() { Exact = true }).FillAsync("203.0.113.0/24");
        await window.Button("Ban…").ClickAsync();
        await window.Button("Ban").ClickAsync();
        await Expect(window.Page.Locator("tbody tr")).ToContainTextAsync("203.0.113.0/24");
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "End the ban of 203.0.113.0/24" }).ClickAsync();

        await Expect(window.Page.GetByText("Nobody is banned.")).ToBeVisibleAsync();
        Assert.Empty(window.Errors);
    }

    [Fact]
    public async Task A_limit_is_changed_and_set_back()
    {
        await using var window = await place.OpenAsync();
        await window.LogInAsync(place.Manager);
        await window.GoAsync("limits", "Limits");
        var row = window.Page.Locator("tbody tr").Filter(new() { HasText = "crawlRate" });
        await Expect(row).ToContainTextAsync("datagrams per second");
        await window.Page.GetByLabel("Limit", new() { Exact = true }).SelectOptionAsync("crawlRate");
        await window.Page.GetByLabel("Value", new() { Exact = true }).FillAsync("10001");
        await window.Button("Change…").ClickAsync();
        await window.Button("Change").ClickAsync();
        await Expect(window.Alert).ToHaveTextAsync("The limit crawlRate is 10001; 1 to 10000 datagrams per second are allowed.");

        await window.Page.GetByLabel("Limit", new() { Exact = true }).SelectOptionAsync("crawlRate");
        await window.Page.GetByLabel("Value", new() { Exact = true }).FillAsync("77");
        await window.Button("Change…").ClickAsync();
        await window.Button("Change").ClickAsync();
        await Expect(row.Locator("td").Nth(1)).ToHaveTextAsync("77");
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Set crawlRate back" }).ClickAsync();

        await Expect(window.Page.GetByText("crawlRate is as the setting says.")).ToBeVisibleAsync();
        await Expect(row.Locator("td").Nth(1)).ToHaveTextAsync("200");
        Assert.Empty(window.Errors);

        await using var viewer = await place.OpenAsync();
        await viewer.LogInAsync(place.Viewer);
        await viewer.GoAsync("limits", "Limits");
        await viewer.Page.Locator("tbody tr").First.WaitForAsync();
        await Expect(viewer.Button("Change…")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Who_may_view_alone_has_no_button_for_changes_and_another_site_forges_none()
    {
        await PutAsync("wanted", "value");
        await using var window = await place.OpenAsync();
        await window.LogInAsync(place.Viewer);
        await window.GoAsync("keys/text/wanted", "Keys");
        await window.Heading("The nearest nodes").WaitForAsync();
        await Expect(window.Button("Delete…")).ToHaveCountAsync(0);
        await Expect(window.Page.GetByText("Set a value")).ToHaveCountAsync(0);
        foreach (var (path, heading) in Pages)
        {
            await window.GoAsync(path, heading);
            await Expect(window.Page.Locator("main button.danger, main button:text-is('Crawl now'), main .buttons button:has-text('now')")).ToHaveCountAsync(0);
        }

        Assert.Equal((int)HttpStatusCode.Forbidden, await DeleteByScriptAsync(window));

        await using var manager = await place.OpenAsync();
        await manager.LogInAsync(place.Manager);
        Assert.Equal((int)HttpStatusCode.Forbidden, await DeleteByScriptAsync(manager));
        await manager.GoAsync("keys/text/wanted", "Keys");
        await Expect(manager.Page.Locator("dl.facts")).ToContainTextAsync("held since");
    }

    [Fact]
    public async Task The_keyboard_reaches_the_content_and_each_page()
    {
        await using var window = await place.OpenAsync();
        await window.LogInAsync(place.Viewer);
        await window.Page.ReloadAsync();
        await window.Heading("Overview").WaitForAsync();

        await window.Page.Keyboard.PressAsync("Tab");
        await Expect(window.Page.Locator(":focus")).ToHaveTextAsync("Skip to the content");
        await window.Page.GetByRole(AriaRole.Link, new() { Name = "Routing table" }).First.FocusAsync();
        await window.Page.Keyboard.PressAsync("Enter");

        await Expect(window.Heading("Routing table")).ToBeVisibleAsync();
        await Expect(window.Page.Locator("main")).ToBeFocusedAsync();
        await Expect(window.Page.Locator("nav a[aria-current]")).ToHaveTextAsync("Routing table");
    }

    [Fact]
    public async Task The_first_page_is_small()
    {
        await using var window = await place.OpenAsync();
        await window.LogInAsync(place.Viewer);
        await Expect(window.Page.Locator(".health")).ToBeVisibleAsync();

        var bytes = await window.Page.EvaluateAsync<int>(
            "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].reduce((sum, one) => sum + one.transferSize, 0)");

        Assert.InRange(bytes, 1, 150_000);
    }

    private static Task<int> DeleteByScriptAsync(ConsoleWindow window) =>
        window.Page.EvaluateAsync<int>("async () => (await fetch('/v1/admin/keys/wanted', { method: 'DELETE' })).status");

    private async Task PutAsync(string key, string value)
    {
        using var put = await place.Http.PutAsync(
            new Uri($"/v1/keys/{key}?wait=durable", UriKind.Relative), new StringContent(value), TestContext.Current.CancellationToken);
        put.EnsureSuccessStatusCode();
    }
}
