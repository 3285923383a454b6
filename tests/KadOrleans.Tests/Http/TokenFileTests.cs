using System.Net.Http.Headers;
using KadOrleans.Tests.Cli;
using KadOrleans.Tests.Node;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace KadOrleans.Tests.Http;

/// <summary>Tokens that change while a server runs, by a file of a Secret that Kubernetes mounts.</summary>
public sealed class TokenFileTests : IDisposable
{
    private const string Key = "tokens.json";

    private static readonly (string Secret, ApiToken Token) First = ApiToken.Create("first", ApiScope.All);
    private static readonly (string Secret, ApiToken Token) Second = ApiToken.Create("second", ApiScope.All);

    private readonly TemporaryFolder _folder = new();
    private readonly SecretVolume _volume;
    private readonly RecordingLog _log = new();

    public TokenFileTests()
    {
        _volume = new SecretVolume(_folder["tokens"]);
        Write(First.Token);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_replaced_link_to_the_file_is_seen_and_said_once_by_the_tokens_names()
    {
        var file = new TokenFile("Kad:Http:Tokens", _volume[Key]);
        file.Refresh(_log);
        Assert.Empty(_log.Events);

        Write(First.Token, Second.Token);
        file.Refresh(_log);
        file.Refresh(_log);

        Assert.True(file.Tokens.TryFind(First.Secret, out _));
        Assert.True(file.Tokens.TryFind(Second.Secret, out _));
        Assert.Equal((8132, $"The tokens in {_volume[Key]} changed and are in use now: first, second"), Last());

        Write(Second.Token);
        file.Refresh(_log);
        Assert.False(file.Tokens.TryFind(First.Secret, out _));
        Assert.Equal(2, _log.Events.Count);
    }

    [Fact]
    public void A_server_that_may_write_its_file_adds_and_ends_tokens_at_once_beside_what_a_command_changed()
    {
        File.WriteAllText(_folder["own.json"], ApiTokens.Write([First.Token]));
        var file = new TokenFile("--http-tokens", _folder["own.json"]);
        var (secret, third) = ApiToken.Create("third", [ApiScope.Read]);
        Assert.Null(file.FindObstacle());
        File.WriteAllText(_folder["own.json"], ApiTokens.Write([First.Token, Second.Token]));

        file.Add(third, _log);

        Assert.True(file.Tokens.TryFind(secret, out _));
        Assert.Equal(["first", "second", "third"], ApiTokens.Read("--http-tokens", _folder["own.json"]).Select(token => token.Name));
        file.Remove("third", _log);
        Assert.False(file.Tokens.TryFind(secret, out _));
        file.Remove("second", _log);
        Assert.EndsWith("add another one first.", Assert.Throws<TokenFileException>(() => file.Remove("first", _log)).Message, StringComparison.Ordinal);
        Assert.Contains("has no token 'other'", Assert.Throws<TokenFileException>(() => file.Remove("other", _log)).Message, StringComparison.Ordinal);
        Assert.True(file.Tokens.TryFind(First.Secret, out _));
    }

    // A writer that had read the file before another one wrote it would bring a removed token back, and take a new one away.
    [Fact]
    public async Task Of_writers_at_once_each_goes_by_what_the_others_wrote_and_a_server_reads_no_part_of_it()
    {
        const int Writers = 6;
        var path = _folder["own.json"];
        File.WriteAllText(path, ApiTokens.Write(
            [First.Token, .. Enumerable.Range(0, 2 * Writers).Select(number => ApiToken.Create($"old-{number}", ApiScope.All).Token)]));
        var servers = Enumerable.Range(0, 2).Select(_ => new TokenFile("--http-tokens", path)).ToList();

        await Task.WhenAll(Enumerable.Range(0, Writers).SelectMany(number => (Task[])
        [
            KadRun.DoneAsync("token", "add", $"by-command-{number}", "--file", path),
            KadRun.DoneAsync("token", "remove", $"old-{number}", "--file", path),
            Task.Run(() => servers[number % 2].Add(ApiToken.Create($"by-server-{number}", [ApiScope.Read]).Token, _log)),
            Task.Run(() => servers[number % 2].Remove($"old-{number + Writers}", _log)),
            Task.Run(() => servers[number % 2].Refresh(_log)),
        ]));

        Assert.Equal(
            ((string[])["first", .. Enumerable.Range(0, Writers).SelectMany(number => (string[])[$"by-command-{number}", $"by-server-{number}"])]).Order(),
            ApiTokens.Read("--file", path).Select(token => token.Name).Order());
        Assert.DoesNotContain(_log.Events, one => one.Id == 8133);
        Assert.False(File.Exists(TokenFileWriter.NextOf(path)));
    }

    [Fact]
    public async Task Of_writers_at_once_of_a_file_that_is_missing_each_adds_its_token()
    {
        var path = _folder["made.json"];

        await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(() => KadRun.DoneAsync("token", "add", $"{number}", "--file", path))));

        Assert.Equal(["0", "1", "2", "3", "4", "5", "6", "7"], ApiTokens.Read("--file", path).Select(token => token.Name).Order());
    }

    [Fact]
    public void A_server_makes_no_file_anew_that_is_gone()
    {
        File.WriteAllText(_folder["own.json"], ApiTokens.Write([First.Token]));
        var file = new TokenFile("--http-tokens", _folder["own.json"]);
        File.Delete(_folder["own.json"]);

        Assert.ThrowsAny<Exception>(() => file.Add(Second.Token, _log));
        Assert.False(File.Exists(_folder["own.json"]));
        Assert.True(file.Tokens.TryFind(First.Secret, out _));
    }

    [Fact]
    public async Task A_token_makes_others_with_no_more_than_it_has()
    {
        var (manager, managing) = ApiToken.Create("manager", [ApiScope.View, ApiScope.Manage]);
        File.WriteAllText(_folder["own.json"], ApiTokens.Write([First.Token, managing]));
        await using var server = await Server.StartAsync(_folder["own.json"]);

        var (status, text) = await MakeAsync(server, manager, """{"name":"shop","scopes":["write"]}""");
        Assert.Equal((HttpStatusCode.Forbidden, true), (status, text.Contains("a token gives no more than it has", StringComparison.Ordinal)));
        (status, text) = await MakeAsync(server, manager, """{"name":"shop","scopes":"view"}""");
        Assert.Equal((HttpStatusCode.BadRequest, true), (status, text.Contains("scopes is no list; read, write, view, manage, keep are allowed.", StringComparison.Ordinal)));
        (status, text) = await MakeAsync(server, manager, """{"name":"first","scopes":["view"]}""");
        Assert.Equal((HttpStatusCode.Conflict, true), (status, text.Contains("two tokens have the name", StringComparison.Ordinal)));
        (status, text) = await MakeAsync(server, manager, """{"name":"watcher","scopes":["view"],"requestsPerSecond":5}""");
        var made = (string)JsonNode.Parse(text)!["token"]!;
        Assert.Equal(HttpStatusCode.OK, status);

        Assert.DoesNotContain(made, File.ReadAllText(_folder["own.json"]), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await server.AskAsync(made));
        Assert.Equal(HttpStatusCode.Forbidden, await server.AskAsync(made, "/v1/admin/tokens/first", HttpMethod.Delete));
        Assert.Equal(HttpStatusCode.NotFound, await server.AskAsync(manager, "/v1/admin/tokens/other", HttpMethod.Delete));
        Assert.Equal(HttpStatusCode.OK, await server.AskAsync(manager, "/v1/admin/tokens/watcher", HttpMethod.Delete));
        Assert.Equal(HttpStatusCode.Unauthorized, await server.AskAsync(made));
    }

    private static async Task<(HttpStatusCode Status, string Text)> MakeAsync(Server server, string secret, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/admin/tokens") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        using var response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_put_that_storage_fails_fires_the_alarm_of_storage_at_once()
    {
        await using var server = await Server.StartAsync(_volume[Key]);
        using var session = await server.LogInAsync(First.Secret);
        using var live = await session.GetAsync(new Uri("/console/live", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var events = new StreamReader(await live.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        server.Dht.Failure = new DhtUnavailableException("The storage is away.");

        using var put = await session.PutAsync(new Uri("/v1/keys/key", UriKind.Relative), new StringContent("value"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, put.StatusCode);

        // The clock stands still: no later sample comes.
        string? line;
        do
        {
            line = await events.ReadLineAsync(TestContext.Current.CancellationToken);
        }
        while (line?.Contains("Requests over HTTP whose writes failed: 1.", StringComparison.Ordinal) == false);
        Assert.NotNull(line);
    }

    [Fact]
    public void A_server_that_cannot_write_its_file_says_so()
    {
        var file = new TokenFile("Kad:Http:Tokens", _volume[Key]);
        _volume.Write();

        Assert.StartsWith($"This server cannot write Kad:Http:Tokens '{_volume[Key]}' (", file.FindObstacle(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "is no file of tokens (")]
    [InlineData("""{"tokens":[]}""", "there are 0 tokens; 1 to 1000 are allowed in")]
    [InlineData("""{"tokens":[null]}""", "a token or a scope is null in")]
    [InlineData("""{"tokens":[{"name":"a","sha256":"b","scopes":[null]}]}""", "a token or a scope is null in")]
    [InlineData(null, "cannot be read (")]
    public void A_file_that_cannot_be_used_leaves_the_tokens_before_and_is_said_until_it_can(string? content, string problem)
    {
        var file = new TokenFile("Kad:Http:Tokens", _volume[Key]);
        if (content is null)
        {
            _volume.Write();
        }
        else
        {
            _volume.Write((Key, content));
        }

        file.Refresh(_log);
        file.Refresh(_log);

        Assert.True(file.Tokens.TryFind(First.Secret, out _));
        Assert.Equal((1, 8133), (_log.Events.Count, Last().Id));
        Assert.StartsWith("Kad:Http:Tokens: ", Last().Text, StringComparison.Ordinal);
        Assert.Contains(problem, Last().Text, StringComparison.Ordinal);
        Assert.EndsWith(". The tokens that were read before stay in use.", Last().Text, StringComparison.Ordinal);
        Assert.Equal("The file of Kad:Http:Tokens cannot be used; the log has why. The tokens that were read before stay in use.", file.Problem);

        Write(First.Token);
        file.Refresh(_log);
        Assert.Equal((8134, null), (Last().Id, file.Problem));
    }

    [Theory]
    [InlineData("{\"tokens\":[{\"name\":\"a\",\"sha256\":\"SHA\",\"scopes\":[\"SECRET\"]}]}", "a scope of token 'a' is 'kad_…")]
    [InlineData("{\"tokens\":[{\"SECRET\":1}]}", "kad_…")]
    public void A_token_that_was_put_in_a_wrong_place_is_not_logged(string content, string problem)
    {
        var file = new TokenFile("Kad:Http:Tokens", _volume[Key]);
        var written = content.Replace("SECRET", Second.Secret, StringComparison.Ordinal).Replace("SHA", Second.Token.Sha256, StringComparison.Ordinal);
        _volume.Write((Key, written));
        file.Refresh(_log);

        Assert.Contains(problem, Last().Text, StringComparison.Ordinal);
        Assert.DoesNotContain(Second.Secret[..16], Last().Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Nobody_is_let_in_by_an_empty_token_whatever_hash_there_is()
    {
        var nothing = First.Token with { Sha256 = ApiToken.HashOf(string.Empty) };

        Assert.False(new ApiTokens(nothing).TryFind(string.Empty, out _));
        Assert.Equal("sha256 of token 'first' is that of an empty text; that of a token is needed", ApiTokens.FindProblem([nothing]));
        Assert.NotNull(ApiTokens.FindProblem([nothing with { Sha256 = nothing.Sha256.ToUpperInvariant() }]));
    }

    [Fact]
    public async Task A_pipe_is_read_once_and_a_file_is_bounded()
    {
        using var shell = new OperatorsShell();
        shell.Run($"mkfifo {_folder["pipe"]}");
        // It is open once both ends are.
        var writing = Task.Run(() => File.WriteAllText(_folder["pipe"], ApiTokens.Write([First.Token])), TestContext.Current.CancellationToken);
        var file = new TokenFile("Kad:Http:Tokens", _folder["pipe"]);
        await writing;
        file.Refresh(_log);

        Assert.True(file.Tokens.TryFind(First.Secret, out _));
        Assert.Equal((0, null), (_log.Events.Count, file.Problem));

        _volume.Write((Key, new string(' ', (1 << 20) + 1)));
        var mistake = Assert.Throws<OptionsValidationException>(() => ApiTokens.Read("--file", _volume[Key]));
        Assert.Equal($"--file: '{_volume[Key]}' has more than 1048576 bytes, the most allowed.", mistake.Failures.Single());
    }

    [Fact]
    public void Others_than_those_of_the_file_stay()
    {
        var file = new TokenFile("--http-tokens", _volume[Key], Second.Token);
        Write(ApiToken.Create("third", ApiScope.All).Token);
        file.Refresh(_log);

        Assert.False(file.Tokens.TryFind(First.Secret, out _));
        Assert.True(file.Tokens.TryFind(Second.Secret, out _));
    }

    // The hash of a node's own token, which its user read in the data folder.
    [Fact]
    public void A_file_that_has_another_one_too_takes_nothing_from_it()
    {
        var file = new TokenFile("--http-tokens", _volume[Key], Second.Token);
        Write(First.Token, new ApiToken("me", Second.Token.Sha256.ToUpperInvariant(), [ApiScope.Read]));
        file.Refresh(_log);

        Assert.True(file.Tokens.TryFind(First.Secret, out _));
        Assert.True(file.Tokens.TryFind(Second.Secret, out var found));
        Assert.Equal(Second.Token, found);
    }

    [Fact]
    public async Task A_server_takes_changed_tokens_up_and_ends_what_a_removed_one_began()
    {
        await using var server = await Server.StartAsync(_volume[Key]);
        Assert.Equal(HttpStatusCode.OK, await server.AskAsync(First.Secret));
        using var session = await server.LogInAsync(First.Secret);
        Assert.Equal(HttpStatusCode.OK, await Server.AskAsync(session));
        server.Dht.Tell("key", 1);
        using var events = await server.OpenAsync(First.Secret);
        Assert.StartsWith("event: ", await events.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        Write(First.Token with { Scopes = [ApiScope.Read, ApiScope.View] }, Second.Token);
        await server.UntilAsync(Second.Secret, HttpStatusCode.OK);

        // A scope less is a scope less, in a session too.
        Assert.Equal(HttpStatusCode.Forbidden, await server.AskAsync(First.Secret, "/v1/keys/key", HttpMethod.Delete));
        Assert.Equal(["read", "view"], (await Server.JsonAsync(session, "/console/session"))["scopes"]!.AsArray().Select(scope => (string)scope!));

        Write(Second.Token);
        await server.UntilAsync(First.Secret, HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.Unauthorized, await Server.AskAsync(session));

        // At its next event.
        var end = events.ReadToEndAsync(TestContext.Current.CancellationToken);
        await Eventually.IsTrueAsync(() =>
        {
            server.Time.Advance(Heartbeats.Interval);
            return end.IsCompleted;
        });
        await end;
    }

    [Fact]
    public async Task A_file_that_became_bad_is_the_reason_in_the_health_of_a_server_that_stays_ready()
    {
        await using var server = await Server.StartAsync(_volume[Key]);
        Assert.Equal("""{"status":"ready"}""", await server.Http.GetStringAsync(new Uri("/health/ready", UriKind.Relative)));

        _volume.Write((Key, "{"));
        var health = await Eventually.ReadAsync(
            () =>
            {
                server.Time.Advance(TokenFile.Interval);
                return server.Http.GetStringAsync(new Uri("/health/ready", UriKind.Relative));
            },
            text => text.Contains("reason", StringComparison.Ordinal));

        Assert.Contains("\"status\":\"ready\"", health, StringComparison.Ordinal);
        Assert.Contains("The file of --http-tokens cannot be used; the log has why.", health, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await server.AskAsync(First.Secret));
    }

    [Theory]
    [InlineData("0.0.0.0", null, true)]
    [InlineData("0.0.0.0", "kad.example.org", true)]
    [InlineData("0.0.0.0", "https://kad.example.org", false)]
    [InlineData("127.0.0.1", null, false)]
    public async Task Tokens_in_the_clear_beyond_loopback_are_warned_of_unless_a_proxy_has_HTTPS(string address, string? host, bool warns)
    {
        await using var server = await Server.StartAsync(_volume[Key], address, host is null ? [] : [host], _log);

        Assert.Equal(warns, _log.Events.Exists(one => one is { Id: 8135, Level: Microsoft.Extensions.Logging.LogLevel.Warning }));
    }

    private (int Id, string Text) Last() => (_log.Events[^1].Id, _log.Events[^1].Text);

    private void Write(params IReadOnlyList<ApiToken> tokens) => _volume.Write((Key, ApiTokens.Write(tokens)));

    private sealed class Server(StatusServer server, FakeDht dht, ManualTimeProvider time) : IAsyncDisposable
    {
        public FakeDht Dht => dht;

        public ManualTimeProvider Time => time;

        public HttpClient Http { get; } = new() { BaseAddress = new Uri($"http://127.0.0.1:{server.Address.Port}") };

        public static async Task<Server> StartAsync(string tokens, string address = "127.0.0.1", IReadOnlyList<string>? hosts = null, RecordingLog? log = null)
        {
            var (time, dht, admin) = (new ManualTimeProvider(), new FakeDht(), new FakeAdmin());
            return new Server(
                await StatusServer.StartAsync(
                    new HttpPlace(new IPEndPoint(IPAddress.Parse(address), 0), new HostNames(hosts ?? []), "--http", "--http-host"),
                    () => new Health(Health.Ready),
                    pages =>
                    {
                        pages.MapDhtApi();
                        pages.MapKadConsole();
                    },
                    services => services.AddSingleton<TimeProvider>(time).AddSingleton<IDht>(dht).AddSingleton(admin.Api)
                        .AddDhtApi(new TokenFile("--http-tokens", tokens)).AddKadConsole(new ConsoleSubject(IsCluster: false, "memory")),
                    log is null ? NullLoggerFactory.Instance : log,
                    TestContext.Current.CancellationToken),
                dht,
                time);
        }

        /// <summary>Lets time pass until a token is accepted or refused.</summary>
        public Task<HttpStatusCode> UntilAsync(string secret, HttpStatusCode expected) => Eventually.ReadAsync(
            () =>
            {
                time.Advance(TokenFile.Interval);
                return AskAsync(secret);
            },
            code => code == expected);

        public async Task<HttpStatusCode> AskAsync(string secret, string path = "/v1/status", HttpMethod? method = null)
        {
            using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
            using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
            return response.StatusCode;
        }

        public static async Task<HttpStatusCode> AskAsync(HttpClient session)
        {
            using var response = await session.GetAsync(new Uri("/v1/status", UriKind.Relative), TestContext.Current.CancellationToken);
            return response.StatusCode;
        }

        public static async Task<JsonNode> JsonAsync(HttpClient session, string path) =>
            JsonNode.Parse(await session.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken))!;

        /// <summary>A browser that signed in: it has the cookie, and the proof.</summary>
        public async Task<HttpClient> LogInAsync(string secret)
        {
            var browser = new HttpClient { BaseAddress = Http.BaseAddress };
            using var body = new StringContent($$"""{"token":"{{secret}}"}""", Encoding.UTF8, "application/json");
            using var response = await browser.PostAsync(new Uri("/console/session", UriKind.Relative), body, TestContext.Current.CancellationToken);
            var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
            browser.DefaultRequestHeaders.Add(SessionCookie.ProofHeader, (string)answer["proof"]!);
            return browser;
        }

        /// <summary>The events of a key, which go on.</summary>
        public async Task<StreamReader> OpenAsync(string secret)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/keys/key/events");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
            var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        }

        public async ValueTask DisposeAsync()
        {
            Http.Dispose();
            await server.DisposeAsync();
        }
    }
}
