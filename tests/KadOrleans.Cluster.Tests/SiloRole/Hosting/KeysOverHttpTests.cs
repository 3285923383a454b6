using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Keys over HTTP, as the executable of a silo serves them.</summary>
public sealed class KeysOverHttpTests(KeysOverHttpTests.ClosedSilo closed) : IClassFixture<KeysOverHttpTests.ClosedSilo>
{
    private static readonly Uri Key = new("/v1/keys/key?wait=durable", UriKind.Relative);

    [Fact]
    public async Task A_silo_serves_and_watches_keys_beside_a_dashboard_with_a_password()
    {
        using var http = new HttpClient { BaseAddress = closed.Http };
        using var refused = await http.PutAsync(Key, new StringContent("first"), TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.Unauthorized, "Bearer"), (refused.StatusCode, refused.Headers.WwwAuthenticate.Single().Scheme));

        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", closed.Secret);
        await PutAsync(http, "first");
        await using var stream = await http.GetStreamAsync(new Uri("/v1/keys/key/events", UriKind.Relative), TestContext.Current.CancellationToken);
        await using var events = SseParser.Create(stream).EnumerateAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();
        Assert.Equal("first", await NextAsync(events));
        await PutAsync(http, "second");
        Assert.Equal("second", await NextAsync(events));

        // A token is no password, and the other way round.
        using var dashboard = await http.GetAsync(new Uri("/dashboard/", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.Unauthorized, "Basic"), (dashboard.StatusCode, dashboard.Headers.WwwAuthenticate.Single().Scheme));
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("me:secret"u8));
        using var mistaken = await http.GetAsync(Key, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, mistaken.StatusCode);
    }

    [Fact]
    public async Task A_silo_with_an_edge_key_is_managed_by_a_token()
    {
        using var http = new HttpClient { BaseAddress = closed.Http };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", closed.Secret);
        await PutAsync(http, "value");

        var usage = await GetAsync(http, "usage");
        Assert.Equal((1, 128), (usage.GetProperty("keys").GetInt32(), usage.GetProperty("shards").GetArrayLength()));
        var key = Assert.Single((await GetAsync(http, "keys")).GetProperty("keys").EnumerateArray());
        var details = await GetAsync(http, $"keys/{key.GetProperty("digest").GetString()}?as=digest");
        Assert.Equal("value", details.GetProperty("held").GetProperty("value").GetProperty("value").GetString());
        using var deleted = await http.DeleteAsync(new Uri("/v1/admin/keys/key", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        Assert.Empty((await GetAsync(http, "keys")).GetProperty("keys").EnumerateArray());
        Assert.Equal("operator", (await GetAsync(http, "audit")).GetProperty("entries")[0].GetProperty("who").GetString());
    }

    [Fact]
    public async Task A_silo_tells_of_itself_and_where_a_shard_is()
    {
        using var http = new HttpClient { BaseAddress = closed.Http };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", closed.Secret);
        await PutAsync(http, "value");

        var silo = Assert.Single((await GetAsync(http, "silos")).GetProperty("silos").EnumerateArray());
        Assert.Equal(("Active", true), (silo.GetProperty("state").GetString(), silo.GetProperty("isReady").GetBoolean()));
        Assert.Matches("^[0-9]+\\.[0-9]+\\.[0-9]+", silo.GetProperty("version").GetString());
        var shard = await GetAsync(http, "keys/key/shard");
        Assert.Equal(silo.GetProperty("address").GetString(), Assert.Single(shard.GetProperty("silos").EnumerateArray()).GetString());
        Assert.Equal(shard.GetProperty("silos").ToString(), (await GetAsync(http, $"shards/{shard.GetProperty("number")}")).GetProperty("silos").ToString());
    }

    [Fact]
    public async Task A_file_of_tokens_that_is_missing_ends_the_start()
    {
        using var folder = new TemporaryFolder();
        var silo = await EndedRun.OfSiloAsync(folder.Path, "Kad:Http:Tokens=missing.json");

        Assert.Equal(2, silo.Code);
        Assert.Contains("Kad:Http:Tokens: 'missing.json' cannot be read (", silo.Lines[^1], StringComparison.Ordinal);
    }

    private static async Task<JsonElement> GetAsync(HttpClient http, string path) => JsonDocument.Parse(
        await http.GetStringAsync(new Uri($"/v1/admin/{path}", UriKind.Relative), TestContext.Current.CancellationToken)).RootElement;

    private static async Task PutAsync(HttpClient http, string value)
    {
        using var put = await http.PutAsync(Key, new StringContent(value), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
    }

    private static async Task<string?> NextAsync(IAsyncEnumerator<SseItem<string>> events)
    {
        do
        {
            Assert.True(await events.MoveNextAsync());
        }
        while (events.Current.EventType == WatchApi.Heartbeat);

        return JsonDocument.Parse(events.Current.Data).RootElement.GetProperty("value").GetString();
    }

    /// <summary>A silo that nobody may ask for anything without a token or a password, and that only edges with a key may call.</summary>
    public sealed class ClosedSilo : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();
        private SiloProcess? _silo;

        internal string Secret { get; private set; } = string.Empty;

        internal Uri Http => _silo!.Http;

        public async ValueTask InitializeAsync()
        {
            (Secret, var token) = ApiToken.Create("operator", ApiScope.All);
            File.WriteAllText(_folder["tokens.json"], ApiTokens.Write([token]));
            _silo = await SiloProcess.StartedAsync(
                _folder.Path, $"Kad:Http:Tokens={_folder["tokens.json"]}", "Kad:Dashboard:User=me", "Kad:Dashboard:Password=secret",
                "Kad:Cluster:EdgeKey=a key of the test");
        }

        public async ValueTask DisposeAsync()
        {
            await _silo!.DisposeAsync();
            _folder.Dispose();
        }
    }
}
