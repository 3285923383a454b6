using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace KadOrleans.Browser;

/// <summary>What the console shows in a browser, over a node and over a cluster.</summary>
[Needs(Need.Chromium)]
public abstract class ConsoleContract(ConsolePlace place)
{
    /// <summary>Markup, a script, an override of the direction of text, and a command to a terminal.</summary>
    private const string Hostile = "<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">\u202egnp.exe\u001b[2J\u200b";

    /// <summary>The width of a phone's window, in pixels.</summary>
    protected const int Phone = 390;

    /// <summary>The console, and a browser.</summary>
    protected ConsolePlace Served => place;

    /// <summary>The pages of the navigation, and that of silos, which a node does not list.</summary>
    internal static readonly (string Path, string Heading)[] Pages =
    [
        ("", "Overview"), ("network", "Network"), ("table", "Routing table"), ("lookup", "Try a lookup"), ("keys", "Keys"), ("publications", "Publications"), ("usage", "Usage"), ("nodes", "Nodes"), ("silos", "Silos"),
        ("bans", "Bans"), ("limits", "Limits"), ("audit", "Audit log"), ("tokens", "Tokens"),
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
        Assert.Equal(colors == ColorScheme.Dark, ground.Split('(', ',')[1] is var red && int.Parse(red, CultureInfo.InvariantCulture) < 128);
    }

    [Fact]
    public Task The_overview_says_in_words_how_it_is_and_is_live() => place.RunAsync(place.Manager, string.Empty, "Overview", async window =>
    {
        await Expect(window.Page.Locator(".health")).ToContainTextAsync("Ready.");
        await Expect(window.Page.Locator(".alarms li")).ToHaveCountAsync(place.IsCluster ? 8 : 6);
        await Expect(window.Page.Locator(".state")).ToHaveTextAsync("ready");

        // The second sample comes by itself.
        await Expect(window.Page.Locator(".chart .line").First).ToBeAttachedAsync();
        foreach (var title in (string[])["Storage", "Values to send again", "Nodes of the network", "Contacts", "Keys held"])
        {
            await Expect(window.Page.Locator(".tile").Filter(new() { HasText = title })).ToBeVisibleAsync();
        }

        await Expect(window.Page.GetByText(new Regex("^This (silo|process) runs release "))).ToBeVisibleAsync();
        await Expect(window.Page.Locator(".tile").Filter(new() { HasText = "Silos" })).ToHaveCountAsync(place.IsCluster ? 1 : 0);
        await Expect(window.Page.Locator("nav").GetByText("Silos")).ToHaveCountAsync(place.IsCluster ? 1 : 0);
    });

    [Fact]
    public Task Each_alarm_leads_to_its_part_of_the_runbook_and_that_back_to_the_console() => place.RunAsync(place.Viewer, string.Empty, "Overview", async window =>
    {
        await window.Page.GetByRole(AriaRole.Link, new() { Name = "What to do about KadStorageFailing" }).ClickAsync();

        await Expect(window.Heading("KadStorageFailing")).ToBeInViewportAsync();
        Assert.Equal("H3", await window.Page.EvaluateAsync<string>("document.querySelector(':target').nodeName"));
        await window.Page.GetByRole(AriaRole.Link, new() { Name = "Storage away" }).First.ClickAsync();
        await Expect(window.Heading("Storage away")).ToBeInViewportAsync();
        await window.Page.GetByRole(AriaRole.Link, new() { Name = "Back to the console" }).ClickAsync();
        await window.Heading("Overview").WaitForAsync();
    });

    [Fact]
    public Task An_address_without_a_page_says_so() => place.RunAsync(place.Viewer, "nonsense", "No such page", async window =>
    {
        await Expect(window.Page.Locator("nav a[aria-current]")).ToHaveCountAsync(0);
        await window.Page.GetByRole(AriaRole.Link, new() { Name = "Go to the overview" }).ClickAsync();
        await window.Heading("Overview").WaitForAsync();
    });

    [Fact]
    public async Task A_key_is_found_by_a_part_of_its_text_and_listed_by_it()
    {
        await place.PutAsync("orders%3Aone", "value");
        await using var window = await place.LogInAsync(place.Viewer, "keys", "Keys");
        await Expect(window.Page.GetByText("Held in all:")).ToBeVisibleAsync();
        await window.Page.GetByLabel("List held keys").FillAsync("RDERS:");
        await window.Button("List").ClickAsync();

        await Expect(window.Rows).ToHaveCountAsync(1);
        await window.Page.GetByRole(AriaRole.Link, new() { Name = "orders:one" }).ClickAsync();
        await Expect(window.Page.Locator("dl.facts")).ToContainTextAsync("orders:one");
        Assert.Empty(window.Errors);
    }

    [Fact]
    public async Task An_id_that_is_typed_as_a_key_is_opened_as_an_id()
    {
        await place.PutAsync("by its id", "value");
        var id = NodeId.FromKey("by its id").ToString();
        await using var window = await place.LogInAsync(place.Viewer, "keys", "Keys");
        await window.Page.GetByLabel("Open a key").FillAsync($" {id.ToUpperInvariant()} ");
        await window.Button("Open").ClickAsync();

        await Expect(window.Page.Locator("pre.value")).ToHaveTextAsync("value");
        await window.Page.GetByRole(AriaRole.Link, new() { Name = "Open the key with that text" }).ClickAsync();
        await Expect(window.Page.Locator("dl.facts")).ToContainTextAsync("not held");
        await window.Page.GetByRole(AriaRole.Link, new() { Name = "open the key with that id" }).ClickAsync();
        await Expect(window.Page.Locator("dl.facts dt:text-is('Set') + dd time")).ToHaveAttributeAsync("datetime", new Regex("Z$"));
        Assert.Empty(window.Errors);
    }

    [Fact]
    public Task What_is_known_of_texts_is_said_above_the_keys() => place.RunAsync(place.Viewer, "keys", "Keys", async window =>
    {
        await place.PutAsync("above", "value");
        await window.Button("List").ClickAsync();
        await Expect(window.Rows.First).ToBeVisibleAsync();

        // Both at once, as the list may be drawn again.
        await window.Page.WaitForFunctionAsync("""
            () => {
              const words = [...document.querySelectorAll('p')].find(one => one.textContent.startsWith('A key is held by its id'));
              const row = document.querySelector('tbody tr');
              return words && row && words.getBoundingClientRect().y < row.getBoundingClientRect().y;
            }
            """);
    });

    [Fact]
    public Task Alarms_that_fire_are_named_at_the_top_and_first() => place.RunAsync(place.Viewer, "usage", "Usage", async window =>
    {
        // As a server with a value that is late, a write that failed, and a silo that is missing.
        var silos = place.IsCluster ? """{"running":1,"ready":1,"lost":[{"name":"silo-2","endedAt":"2026-11-01T00:00:00Z"}]}""" : "null";
        await ShowOverviewAsync(window, $$"""
            "silos":{{silos}},"isUnserved":false,"alarms":[
            {"name":"KadRepublishLate","fires":true,"sentence":"It is late.","last":null},
            {"name":"KadStorageFailing","fires":false,"sentence":"STOREs that failed in storage: 25.","last":"2026-11-01T00:00:00Z"}]
            """);

        await Expect(window.Page.Locator(".health strong")).ToHaveTextAsync("Needs attention");
        await Expect(window.Page.Locator(".health li")).ToHaveTextAsync("KadRepublishLate It is late.");
        await Expect(window.Page.Locator(".alarms li").First).ToContainTextAsync("KadRepublishLate");
        var storage = window.Page.Locator(".tile").Filter(new() { HasText = "a write failed" });
        await Expect(storage.Locator("strong")).ToHaveTextAsync("works");
        await Expect(storage).Not.ToHaveClassAsync(new Regex("bad"));
        if (place.IsCluster)
        {
            await Expect(window.Page.Locator(".tile.bad").Filter(new() { HasText = "Silos" }).Locator("strong")).ToHaveTextAsync("1 of 2");
        }
    });

    [Theory]
    [InlineData("true", "Needs attention")]
    [InlineData("false", "Healthy")]
    public Task A_cluster_whose_edges_are_all_gone_is_not_healthy(string isUnserved, string title) => place.RunAsync(
        place.Viewer, "usage", "Usage", async window =>
        {
            await ShowOverviewAsync(window, $$"""
                "silos":null,"isUnserved":{{isUnserved}},"alarms":[{"name":"KadStorageFailing","fires":false,"sentence":"It works.","last":null}]
                """);

            await Expect(window.Page.Locator(".health strong")).ToHaveTextAsync(title);
        });

    [Fact]
    public Task The_counters_of_a_node_are_shown() => place.RunAsync(place.Viewer, "nodes", "Nodes", async window =>
    {
        await window.Page.GetByText("since the start").First.ClickAsync();
        await Expect(window.Rows.Filter(new() { HasText = "received." }).First).ToBeVisibleAsync();
    });

    [Fact]
    public async Task The_overview_and_the_page_of_nodes_show_how_far_sending_values_again_is()
    {
        await using var window = await place.LogInAsync(place.Viewer, string.Empty, "Overview");
        var tile = window.Page.Locator(".tile").Filter(new() { HasText = "Values to send again" });
        await Expect(tile).ToContainTextAsync("none is late");
        await Expect(tile).Not.ToHaveClassAsync(new Regex("bad"));
        await tile.GetByRole(AriaRole.Link).ClickAsync();

        await Expect(window.Page.Locator(".sweep").First).ToHaveTextAsync(new Regex("No value was due so far|Sent [0-9,]+ values? again|Sends values again"));
        Assert.Empty(window.Errors);
    }

    [Fact]
    public Task All_values_are_downloaded_as_a_file() => place.RunAsync(place.Viewer, "keys", "Keys", async window =>
    {
        await place.PutAsync("exported", "value");
        await window.Page.GetByText("Export all values").ClickAsync();
        var download = await window.Page.RunAndWaitForDownloadAsync(() => window.Button("Export…").ClickAsync());

        Assert.Matches(@"^kad-values-.*\.json$", download.SuggestedFilename);
        var content = await File.ReadAllTextAsync(await download.PathAsync(), TestContext.Current.CancellationToken);
        Assert.Contains(NodeId.FromKey("exported").ToString(), content, StringComparison.OrdinalIgnoreCase);
        await Expect(window.Page.GetByText("browser's downloads")).ToBeVisibleAsync();
    });

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
        await window.Page.Context.ClearCookiesAsync();
        await window.Page.EvaluateAsync("location.hash = '#/usage'");
        await Expect(window.Page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The session has ended; log in again.");

        await window.TryLogInAsync(place.Viewer);
        await window.Button("Log out").ClickAsync();
        await Expect(window.Page.GetByRole(AriaRole.Status)).ToHaveTextAsync("You are logged out.");
        await window.Page.ReloadAsync();
        await window.Page.GetByLabel("Token").WaitForAsync();
    }

    [Fact]
    public async Task A_program_at_another_port_of_the_host_is_sent_the_cookie_and_can_do_nothing_with_it()
    {
        await using var window = await place.LogInAsync(place.Manager);
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var taken = TakeCookieAsync(other);
        await window.Page.GotoAsync($"http://{other.LocalEndpoint}/");
        var cookie = await taken;
        Assert.Contains("kad-console-", cookie, StringComparison.Ordinal);
        Assert.Equal(0, await window.Page.EvaluateAsync<int>("sessionStorage.length"));

        using var http = new HttpClient(new HttpClientHandler { UseCookies = false }) { BaseAddress = place.Address };
        http.DefaultRequestHeaders.Add("Cookie", cookie);
        foreach (var path in (string[])["/console/session", "/console/live", "/v1/admin/usage", "/v1/keys/key"])
        {
            using var response = await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal((path, HttpStatusCode.Unauthorized), (path, response.StatusCode));
        }

        await window.Page.GotoAsync("/console/");
        await window.Heading("Overview").WaitForAsync();
    }

    [Fact]
    public async Task Each_tab_logs_in_and_another_ones_login_ends_none()
    {
        await using var window = await place.LogInAsync(place.Viewer);
        var tab = await window.Page.Context.NewPageAsync();
        await tab.GotoAsync("/console/");
        await tab.GetByLabel("Token").FillAsync(place.Viewer);
        await tab.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await tab.GetByRole(AriaRole.Heading, new() { Name = "Overview", Exact = true }).WaitForAsync();

        await window.GoAsync("usage", "Usage");
        await Expect(window.Alert).ToHaveCountAsync(0);
        await Expect(window.Page.Locator(".state")).ToHaveTextAsync("ready");
        Assert.Empty(window.Errors);
    }

    [Fact]
    public async Task What_strangers_stored_stays_text_and_its_signs_are_seen()
    {
        await place.PutAsync("hostile", Hostile);
        await using var window = await place.LogInAsync(place.Manager, "keys/text/hostile", "Keys");

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
    public async Task An_item_shows_its_owner_its_number_and_whether_it_is_what_he_signed()
    {
        var item = SignedItems.Sign(7, "5:hello", "shop");
        using var body = new ByteArrayContent(item.ToValue().AsBytes().ToArray());
        body.Headers.ContentType = new("application/octet-stream");
        using var put = await place.Http.PutAsync(new Uri("/v1/items", UriKind.Relative), body, TestContext.Current.CancellationToken);
        put.EnsureSuccessStatusCode();
        await using var window = await place.LogInAsync(place.Viewer, $"keys/id/{item.Key}", "Keys");

        var facts = window.Page.Locator("dl.facts");
        await Expect(facts).ToContainTextAsync(Convert.ToHexStringLower(item.PublicKey.Span));
        await Expect(facts).ToContainTextAsync("shop");
        await Expect(facts.Locator("dt:text-is('Number') + dd")).ToHaveTextAsync("7");
        await Expect(facts.Locator("dt:text-is('Signature') + dd .mark.good")).ToHaveTextAsync("holds");
        await Expect(window.Page.Locator("pre.value")).ToHaveTextAsync("hello");
        Assert.Empty(window.Errors);
    }

    [Fact]
    public async Task What_strangers_sent_stays_text_in_a_lookup_in_a_ban_and_in_the_audit_log()
    {
        await place.PutAsync("hostile", Hostile);
        using var refused = await place.Http.PostAsync(
            new Uri($"/v1/admin/edges/{Uri.EscapeDataString(Hostile)}:drain", UriKind.Relative), content: null, TestContext.Current.CancellationToken);
        Assert.False(refused.IsSuccessStatusCode);
        await using var window = await place.LogInAsync(place.Manager);

        await window.GoAsync("lookup/value/text/hostile", "Try a lookup");
        await Expect(window.Page.Locator(".health strong")).ToHaveTextAsync("Value found");
        await Expect(window.Page.Locator("pre.value")).ToContainTextAsync("U+202E");
        await IsTextAsync();
        await window.GoAsync("audit", "Audit log");
        await Expect(window.Page.Locator("td .target").Filter(new() { HasText = "<script>" }).First).ToBeVisibleAsync();
        await IsTextAsync();
        await window.GoAsync("bans", "Bans");
        await window.FillAsync("Ban", Hostile);
        await window.Button("Ban…").ClickAsync();
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
    public Task A_lookup_is_drawn_hop_by_hop() => place.RunAsync(place.Viewer, "lookup", "Try a lookup", async window =>
    {
        await window.FillAsync("Target", "anything");
        await window.Button("Look up").ClickAsync();

        await Expect(window.Page.Locator(".health strong")).ToHaveTextAsync("Nodes found");
        var queries = await window.Rows.CountAsync();
        Assert.InRange(queries, 1, 256);
        await Expect(window.Page.Locator("svg .hop")).ToHaveCountAsync(queries);
        await Expect(window.Page.Locator("svg .hop").First).ToHaveAttributeAsync("aria-label", new Regex("answered with contacts.* ms"));
    });

    [Fact]
    public async Task The_usage_shows_who_stored_it_and_a_key_is_found_by_the_beginning_of_its_id()
    {
        await place.PutAsync("listed", "value");
        var id = NodeId.FromKey("listed").ToString();
        await using var window = await place.LogInAsync(place.Viewer, "usage", "Usage");
        await Expect(window.Page.Locator(".tile strong").First).ToHaveTextAsync(new Regex("^[1-9]"));
        var row = window.Page.GetByRole(AriaRole.Region, new() { Name = "Usage by source network" }).Locator("tbody tr").Filter(new() { HasText = "trusted" });
        await Expect(row.Locator("svg.bar")).ToHaveCountAsync(2);
        await Expect(row.GetByRole(AriaRole.Link)).ToHaveCountAsync(0);
        await Expect(window.Button("Double the shards…")).ToHaveCountAsync(0);

        await window.GoAsync("keys", "Keys");
        await window.Page.GetByLabel("List held keys").FillAsync(id[..8]);
        await window.Button("List").ClickAsync();
        await Expect(window.Rows).ToHaveCountAsync(1);
        await window.Page.Locator($"a[href$='{id}']").ClickAsync();

        await Expect(window.Page.Locator("pre.value")).ToHaveTextAsync("value");
        Assert.Empty(window.Errors);
    }

    [Fact]
    public async Task Who_may_view_alone_has_no_button_for_changes_and_another_site_forges_none()
    {
        await place.PutAsync("wanted", "value");
        await using var window = await place.LogInAsync(place.Viewer, "keys/text/wanted", "Keys");
        await window.Heading("The nearest nodes").WaitForAsync();
        await Expect(window.Button("Delete…")).ToHaveCountAsync(0);
        await Expect(window.Page.GetByText("Set a value")).ToHaveCountAsync(0);
        foreach (var (path, heading) in Pages)
        {
            await window.GoAsync(path, heading);
            await Expect(window.Page.Locator("main button.danger, main button:text-is('Crawl now'), main .buttons button:has-text('now')")).ToHaveCountAsync(0);
        }

        Assert.Equal((int)HttpStatusCode.Unauthorized, await DeleteByScriptAsync(window));

        await using var manager = await place.LogInAsync(place.Manager);
        Assert.Equal((int)HttpStatusCode.Unauthorized, await DeleteByScriptAsync(manager));
        await manager.GoAsync("keys/text/wanted", "Keys");
        await Expect(manager.Page.Locator("dl.facts")).ToContainTextAsync("holds a text");
    }

    [Fact]
    public Task The_keyboard_reaches_the_content_and_each_page() => place.RunAsync(place.Viewer, string.Empty, "Overview", async window =>
    {
        await window.Page.ReloadAsync();
        await window.Heading("Overview").WaitForAsync();

        await window.Page.Keyboard.PressAsync("Tab");
        await Expect(window.Page.Locator(":focus")).ToHaveTextAsync("Skip to the content");
        await window.Page.GetByRole(AriaRole.Link, new() { Name = "Routing table" }).First.FocusAsync();
        await window.Page.Keyboard.PressAsync("Enter");

        await Expect(window.Heading("Routing table")).ToBeVisibleAsync();
        await Expect(window.Page.Locator("main")).ToBeFocusedAsync();
        await Expect(window.Page.Locator("nav a[aria-current]")).ToHaveTextAsync("Routing table");
    });

    [Fact]
    public async Task The_first_page_is_small_and_cannot_make_markup_of_text()
    {
        await using var window = await place.LogInAsync(place.Viewer);
        await Expect(window.Page.Locator(".health")).ToBeVisibleAsync();

        var bytes = await window.Page.EvaluateAsync<int>(
            "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].reduce((sum, one) => sum + one.transferSize, 0)");

        Assert.InRange(bytes, 1, 150_000);
        var failure = await Assert.ThrowsAsync<PlaywrightException>(() => window.Page.EvaluateAsync("document.body.innerHTML = '<b>text</b>'"));
        Assert.Contains("TrustedHTML", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>The cookies of the first request that has some, which a browser may send over a second connection.</summary>
    private static async Task<string> TakeCookieAsync(TcpListener listener)
    {
        while (true)
        {
            using var client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
            await using var stream = client.GetStream();
            using var reader = new StreamReader(stream);
            var cookie = (string?)null;
            while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { Length: > 0 } line)
            {
                cookie = line.StartsWith("Cookie: ", StringComparison.OrdinalIgnoreCase) ? line["Cookie: ".Length..] : cookie;
            }

            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"u8.ToArray(), TestContext.Current.CancellationToken);
            if (cookie is not null)
            {
                return cookie;
            }
        }
    }

    private static Task<int> DeleteByScriptAsync(ConsoleWindow window) =>
        window.Page.EvaluateAsync<int>("async () => (await fetch('/v1/admin/keys/wanted', { method: 'DELETE' })).status");

    // An overview with these fields of it, in the place of the server's.
    private static async Task ShowOverviewAsync(ConsoleWindow window, string fields)
    {
        var overview = $$$"""
            {"at":"2026-11-01T00:00:00Z","isReady":true,"words":"Ready.","nodes":[],"nodeCount":0,"contacts":0,"networkSize":null,
            "sweep":null,"release":"1","startedAt":"2026-11-01T00:00:00Z","rates":null,{{{fields}}},
            "series":{"at":[],"received":[],"lookups":[],"failed":[]}}
            """;
        await window.Page.RouteAsync("**/console/live", route => route.FulfillAsync(new()
        {
            ContentType = "text/event-stream",
            Body = $"event: overview\ndata: {overview.ReplaceLineEndings(" ")}\n\n",
        }));
        await window.Page.ReloadAsync();
        await window.GoAsync(string.Empty, "Overview");
    }
}
