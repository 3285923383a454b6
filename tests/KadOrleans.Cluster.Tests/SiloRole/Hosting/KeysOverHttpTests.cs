using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using KadOrleans.Core.Items;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Keys over HTTP, as a silo serves them that nobody may ask for anything without a token, a password or the gateway's key.</summary>
public sealed class KeysOverHttpTests : FolderTests, IAsyncLifetime
{
    private static readonly Uri Key = new("/v1/keys/key?wait=durable", UriKind.Relative);

    private readonly HttpClient _http = new();
    private readonly (string Secret, ApiToken Token) _operator = ApiToken.Create("operator", ApiScope.All);
    private HostedSilo _silo = null!;

    public async ValueTask InitializeAsync()
    {
        var tokens = Path.Combine(Folder, "tokens.json");
        await File.WriteAllTextAsync(tokens, ApiTokens.Write([_operator.Token]));
        _silo = await HostedSilo.StartAsync(
            Folder, $"Kad:Http:Tokens={tokens}", "Kad:Dashboard:User=me", "Kad:Dashboard:Password=secret",
            $"Kad:Cluster:GatewayKey={KeyFiles.Create()}");
        _http.BaseAddress = _silo.Http;
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _operator.Secret);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _silo.DisposeAsync();
        Dispose();
    }

    [Fact]
    public async Task A_silo_serves_and_watches_keys_beside_a_dashboard_with_a_password()
    {
        await PutAsync("first");
        await using var stream = await _http.GetStreamAsync(new Uri("/v1/keys/key/events", UriKind.Relative));
        await using var events = SseParser.Create(stream).EnumerateAsync().GetAsyncEnumerator();
        Assert.Equal("first", await NextAsync(events));
        await PutAsync("second");
        Assert.Equal("second", await NextAsync(events));

        // A token is no password, and the other way round.
        await AssertRefusedAsync("Basic", new Uri("/dashboard/", UriKind.Relative));
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("me:secret"u8));
        await AssertRefusedAsync("Bearer", Key);
        _http.DefaultRequestHeaders.Authorization = null;
        await AssertRefusedAsync("Bearer", Key);
    }

    [Fact]
    public async Task A_silo_is_managed_by_a_token_and_tells_of_itself_and_where_a_shard_is()
    {
        await PutAsync("value");

        var usage = await GetAsync("usage");
        Assert.Equal((1, 16), (usage.GetProperty("keys").GetInt32(), usage.GetProperty("shards").GetArrayLength()));
        Assert.Single((await GetAsync("keys")).GetProperty("keys").EnumerateArray());
        var silo = Assert.Single((await GetAsync("silos")).GetProperty("silos").EnumerateArray());
        Assert.Equal(("Active", true), (silo.GetProperty("state").GetString(), silo.GetProperty("isReady").GetBoolean()));
        Assert.Matches("^[0-9]+\\.[0-9]+\\.[0-9]+", silo.GetProperty("version").GetString());
        var shard = await GetAsync("keys/key/shard");
        Assert.Equal(silo.GetProperty("address").GetString(), Assert.Single(shard.GetProperty("silos").EnumerateArray()).GetString());
        var same = await GetAsync($"shards/{shard.GetProperty("number")}");
        Assert.Equal(shard.GetProperty("silos").ToString(), same.GetProperty("silos").ToString());

        using var deleted = await _http.DeleteAsync(new Uri("/v1/admin/keys/key", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        Assert.Empty((await GetAsync("keys")).GetProperty("keys").EnumerateArray());
        Assert.Equal("operator", (await GetAsync("audit")).GetProperty("entries")[0].GetProperty("who").GetString());
    }

    [Fact]
    public async Task Items_are_what_their_owner_signed_last_by_each_way_into_a_cluster()
    {
        var (first, second) = (SignedItems.Sign(1, "3:one"), SignedItems.Sign(2, "3:two"));
        var path = $"/v1/items/{first.Key}";
        Assert.Equal((200, null), await PutItemAsync(first));
        using var export = await _http.GetAsync(new Uri("/v1/admin/values", UriKind.Relative));
        var older = await export.Content.ReadAsStringAsync();
        Assert.Equal((412, "condition-failed"), await PutItemAsync(second, "&expectedSeq=0"));
        Assert.Equal((200, null), await PutItemAsync(second, "&expectedSeq=1"));
        Assert.Equal((200, null), await PutItemAsync(second, "&expectedSeq=1"));
        Assert.Equal((409, "older-item"), await PutItemAsync(first));
        Assert.Equal((409, "older-item"), await PutItemAsync(SignedItems.Sign(2, "5:other")));
        Assert.Equal((400, "invalid-item"), await PutItemAsync(SignedItems.Forge(3, "5:other")));
        using var unsigned = await _http.PutAsync(new Uri($"/v1/keys/{first.Key}?as=digest&wait=durable", UriKind.Relative), new StringContent("lie"));
        Assert.Equal((409, "not-owner"), await ReadAsync(unsigned));

        // Of two that expect the same number one is stored.
        var both = await Task.WhenAll(
            PutItemAsync(SignedItems.Sign(3, "1:a"), "&expectedSeq=2"), PutItemAsync(SignedItems.Sign(4, "1:b"), "&expectedSeq=2"));
        Assert.Equal([(200, null), (412, "condition-failed")], both.Order());

        // A file that says what nobody signed, and one of before.
        using var newest = await _http.GetAsync(new Uri("/v1/admin/values", UriKind.Relative));
        var text = await newest.Content.ReadAsStringAsync();
        var envelope = Convert.ToHexStringLower((both[0].Status == 200 ? SignedItems.Sign(3, "1:a") : SignedItems.Sign(4, "1:b")).Envelope.Span);
        Assert.Contains(envelope, text, StringComparison.Ordinal);
        var tampered = text.Replace(envelope, Convert.ToHexStringLower(SignedItems.Forge(9, "1:c").Envelope.Span), StringComparison.Ordinal);
        Assert.Equal((0, 0, 1), await ImportAsync(tampered));
        Assert.Equal((0, 1, 0), await ImportAsync(older));
        var future = System.Text.RegularExpressions.Regex.Replace(older, "\"(storedAt|expiresAt)\":\"20[0-9]{2}", "\"$1\":\"2090");
        Assert.NotEqual(older, future);
        Assert.Equal((0, 1, 0), await ImportAsync(future));

        var found = JsonDocument.Parse(await _http.GetStringAsync(new Uri(path, UriKind.Relative))).RootElement.GetProperty("item");
        Assert.Equal((both[0].Status == 200 ? 3 : 4, true), (found.GetProperty("seq").GetInt32(), found.GetProperty("verifies").GetBoolean()));
    }

    private async Task<(int Status, string? Type)> PutItemAsync(Item item, string parameters = "")
    {
        using var body = new ByteArrayContent(item.Envelope.ToArray());
        body.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var put = await _http.PutAsync(new Uri($"/v1/items?wait=durable{parameters}", UriKind.Relative), body);
        return await ReadAsync(put);
    }

    private static async Task<(int Status, string? Type)> ReadAsync(HttpResponseMessage response)
    {
        var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        return ((int)response.StatusCode, json.TryGetProperty("type", out var type) ? type.GetString()!.Split('/')[^1] : null);
    }

    private async Task<(int Imported, int Older, int Refused)> ImportAsync(string file)
    {
        using var response = await _http.PostAsync(new Uri("/v1/admin/values", UriKind.Relative), new StringContent(file, mediaType: new MediaTypeHeaderValue("application/json")));
        var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        return (json.GetProperty("imported").GetInt32(), json.GetProperty("older").GetInt32(), json.GetProperty("refused").GetInt32());
    }

    private async Task<JsonElement> GetAsync(string path) =>
        JsonDocument.Parse(await _http.GetStringAsync(new Uri($"/v1/admin/{path}", UriKind.Relative))).RootElement;

    private async Task PutAsync(string value)
    {
        using var put = await _http.PutAsync(Key, new StringContent(value));
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
    }

    private async Task AssertRefusedAsync(string scheme, Uri path)
    {
        using var response = await _http.GetAsync(path);
        Assert.Equal((HttpStatusCode.Unauthorized, scheme), (response.StatusCode, response.Headers.WwwAuthenticate.Single().Scheme));
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
}
