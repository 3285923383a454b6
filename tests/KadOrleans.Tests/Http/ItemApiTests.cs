using System.Net.ServerSentEvents;
using KadOrleans.Core.Items;
using KadOrleans.Signatures;
using KadOrleans.Tests.Cli;

namespace KadOrleans.Tests.Http;

public sealed class ItemApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string Path = "/v1/items";
    private const int Year = 2030;
    private const string Batch = "/v1/keys:batch";

    private static readonly Ed25519KeyPair Pair = Ed25519KeyPair.FromSeed(new byte[Ed25519KeyPair.SeedLength]);
    private static readonly string Owner = Convert.ToHexStringLower(Pair.PublicKey.Span);

    private readonly ApiHost _api = host.Reset();

    [Fact]
    public async Task An_item_comes_back_as_its_owner_signed_it()
    {
        var item = await SignAsync(7, "grüße");
        await _api.ShowsAsync($$"""{"item":{"digest":"{{item.Key}}","seq":7,"verifies":true},"put":{"stored":3,"isPublished":true} }""", "PUT", Path, Json(item));
        var expected = $$"""
            {"found":true,"item":{"digest":"{{item.Key}}","publicKey":"{{Owner}}","salt":"profile","saltHex":"70726f66696c65","seq":7,"isEnd":false,
             "value":"{{Convert.ToHexStringLower(item.Value.Span)}}","text":"grüße","signature":"{{Convert.ToHexStringLower(item.Signature.Span)}}","verifies":true} }
            """;

        await _api.ShowsAsync(expected, "GET", $"{Path}/{Owner}?salt=profile");
        await _api.ShowsAsync(expected, "GET", $"{Path}/{Owner.ToUpperInvariant()}?saltHex=70726f66696c65");
        await _api.ShowsAsync(expected, "GET", $"{Path}/{item.Key}");
        var printed = (await _api.JsonAsync("GET", $"{Path}/{item.Key}")).GetProperty("item").GetRawText();
        await _api.ShowsAsync("""{"item":{"seq":7}}""", "PUT", Path, printed);
        await _api.ShowsAsync("""{"type":"bytes","item":{"seq":7}}""", "GET", $"/v1/keys/{item.Key}?as=digest");
    }

    [Fact]
    public async Task What_the_command_line_signs_without_a_network_can_be_put()
    {
        using var folder = new TemporaryFolder();
        var owner = (await KadRun.DoneAsync("item", "keygen", folder["key"])).Output.Trim();
        var signed = await KadRun.DoneAsync("item", "sign", "grüße", "--key", folder["key"], "--salt", "shop", "--seq", "7");
        await _api.ShowsAsync("""{"item":{"seq":7,"text":"grüße","verifies":true}}""", "PUT", Path, signed.Output);
        var end = await KadRun.DoneAsync("item", "sign", "--end", "--key", folder["key"], "--salt", "shop", "--seq", "8", "--json");
        await _api.JsonAsync("PUT", Path, end.Output);

        await _api.ShowsAsync($$"""{"item":{"publicKey":"{{owner}}","seq":8,"isEnd":true,"verifies":true} }""", "GET", $"{Path}/{owner}?salt=shop");
    }

    [Theory]
    [InlineData("No key is given; --key FILE is needed, and 'kad item keygen FILE' makes one.", "hello", "--seq", "1")]
    [InlineData("No sequence number is given; --seq N is needed, 0 to 9223372036854775807.", "hello", "--key", "none")]
    [InlineData("Both a value and --end are given; one of them is needed.", "hello", "--end", "--key", "none", "--seq", "1")]
    [InlineData("No value is given; VALUE or --file PATH is needed.", "--key", "none", "--seq", "1")]
    public async Task A_signature_that_lacks_something_gets_a_sentence(string sentence, params string[] args) =>
        await KadRun.FailAsync(ExitCode.WrongUsage, sentence, ["item", "sign", .. args]);

    [Fact]
    public async Task An_item_travels_as_the_bytes_that_nodes_carry()
    {
        var item = await SignAsync(1, "hello");
        _api.BodyEncoding = Encoding.Latin1;
        using var put = await _api.SendAsync("PUT", Path, Encoding.Latin1.GetString(item.Envelope.Span), "application/octet-stream");
        using var got = await _api.SendAsync("GET", $"{Path}/{item.Key}", headers: ("Accept", "application/octet-stream"));

        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        Assert.Equal(item.Envelope.ToArray(), await got.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(put.Headers.ETag, got.Headers.ETag);
    }

    [Fact]
    public async Task An_immutable_item_has_a_value_alone()
    {
        Assert.True(Item.TryCreateImmutable(Item.EncodeBytes("hello"u8), out var item, out _));
        await _api.JsonAsync("PUT", Path, """{"value":"353a68656c6c6f"}""");

        await _api.ShowsAsync("""{"item":{"publicKey":null,"seq":null,"text":"hello","verifies":true}}""", "GET", $"{Path}/{item.Key}");
        using var json = await _api.SendAsync("GET", $"{Path}/{item.Key}");
        using var text = await _api.SendAsync("GET", $"{Path}/{item.Key}", headers: ("Accept", "text/plain"));
        Assert.Equal((json.Headers.ETag, "application/json"), (text.Headers.ETag, text.Content.Headers.ContentType?.MediaType));
    }

    [Fact]
    public async Task A_number_may_be_its_digits_and_is_the_highest_there_is()
    {
        var item = await SignAsync(long.MaxValue, "last");
        await _api.JsonAsync("PUT", Path, Json(item).Replace($"{long.MaxValue}", $"\"{long.MaxValue}\"", StringComparison.Ordinal));

        await _api.ShowsAsync($$"""{"item":{"seq":{{long.MaxValue}} } }""", "GET", $"{Path}/{item.Key}");
    }

    [Fact]
    public async Task A_put_may_name_the_number_that_it_replaces()
    {
        var (first, second, third) = (await SignAsync(1, "one"), await SignAsync(2, "two"), await SignAsync(3, "three"));
        await _api.JsonAsync("PUT", $"{Path}?expectedSeq=0", Json(first));
        await _api.JsonAsync("PUT", $"{Path}?expectedSeq=1", Json(second));
        await _api.JsonAsync("PUT", $"{Path}?expectedSeq=1", Json(second));

        Assert.Equal(
            "expectedSeq is 1; the item that was found has the number 2.",
            await _api.FailAsync(HttpStatusCode.PreconditionFailed, "PUT", $"{Path}?expectedSeq=1", Json(third)));
        await _api.ShowsAsync("""{"item":{"seq":2}}""", "GET", $"{Path}/{first.Key}");
    }

    [Fact]
    public async Task Tags_are_conditions_as_of_any_value()
    {
        var (first, second) = (await SignAsync(1, "one"), await SignAsync(2, "two"));
        using var put = await _api.SendAsync("PUT", Path, Json(first), headers: ("If-None-Match", "*"));
        var tag = put.Headers.ETag!.ToString();
        using var same = await _api.SendAsync("GET", $"{Path}/{first.Key}", headers: ("If-None-Match", tag));

        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
        await _api.FailAsync(HttpStatusCode.PreconditionFailed, "PUT", Path, Json(second), headers: ("If-None-Match", "*"));
        await _api.JsonAsync("PUT", Path, Json(second), ("If-Match", tag));
        Assert.StartsWith(
            "If-Match does not hold", await _api.FailAsync(HttpStatusCode.PreconditionFailed, "PUT", Path, Json(first), headers: ("If-Match", tag)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StoreResult.InvalidItem, HttpStatusCode.BadRequest, "invalid-item")]
    [InlineData(StoreResult.OlderItem, HttpStatusCode.Conflict, "older-item")]
    [InlineData(StoreResult.NotOwner, HttpStatusCode.Conflict, "not-owner")]
    public async Task A_refusal_has_a_type_of_its_own(StoreResult refusal, HttpStatusCode status, string type)
    {
        var item = await SignAsync(1, "one");
        _api.Dht.Refusal = new SetResult { Local = refusal };
        using var response = await _api.SendAsync("PUT", Path, Json(item));
        var batch = await _api.JsonAsync("POST", Batch, $$"""{"operations":[{"op":"putItem","item":{{Json(item)}}}]}""");

        Assert.Equal(status, response.StatusCode);
        Assert.Equal($"/v1/problems/{type}", JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("type").GetString());
        Assert.Equal($"/v1/problems/{type}", batch.GetProperty("results")[0].GetProperty("problemType").GetString());
    }

    [Theory]
    [InlineData(null, "its owner has signed a higher sequence number, or another value with this one.")]
    [InlineData(7L, "its owner has signed a higher sequence number, or another value with this one; the item that is held has the number 7.")]
    public async Task The_item_that_is_held_is_named_by_its_number_where_it_is_known(long? held, string why)
    {
        var item = await SignAsync(1, "one");
        _api.Dht.Refusal = new SetResult { Local = StoreResult.OlderItem, HeldSeq = held };

        Assert.Equal(
            $"The value of the key '{item.Key}' was not stored: {why}", await _api.FailAsync(HttpStatusCode.Conflict, "PUT", Path, Json(item)));
    }

    [Theory]
    [InlineData("{}", "The item is missing; ")]
    [InlineData("""{"value":"zz"}""", "value is 'zz'; hexadecimal digits, two for each byte, are needed.")]
    [InlineData("""{"value":"00"}""", "The value is not one value in canonical bencode of at most 14 levels: byte 0 is wrong or missing.")]
    [InlineData("""{"value":"303a","seq":1}""", "publicKey is missing, and the item has a salt, seq or signature; an immutable item has a value alone.")]
    [InlineData("""{"publicKey":"00","value":"303a","seq":1,"signature":"00"}""", "The public key is 1 bytes long; 32 are needed.")]
    [InlineData("""{"publicKey":"KEY","value":"303a","seq":1,"signature":"00"}""", "The signature is 1 bytes long; 64 are needed.")]
    [InlineData("""{"publicKey":"KEY","value":"303a","seq":-1,"signature":"SIG"}""", "seq is '-1'; 0 to 9223372036854775807 is allowed.")]
    [InlineData("""{"publicKey":"KEY","value":"303a","seq":9223372036854775808,"signature":"SIG"}""", "seq is '9223372036854775808'; 0 to 9223372036854775807 is allowed.")]
    [InlineData("""{"publicKey":"KEY","value":"303a","seq":1.5,"signature":"SIG"}""", "seq is '1.5'; 0 to 9223372036854775807 is allowed.")]
    [InlineData("""{"publicKey":"KEY","value":"303a","signature":"SIG"}""", "seq is missing; an item with a publicKey needs seq, value and signature.")]
    [InlineData("""{"publicKey":"KEY","value":"303a","seq":1}""", "signature is missing; an item with a publicKey needs seq, value and signature.")]
    [InlineData("""{"publicKey":"KEY","salt":"a","saltHex":"62","value":"303a","seq":1,"signature":"SIG"}""", "salt is 'a' and saltHex '62'; they differ.")]
    [InlineData("""{"publicKey":"KEY","value":"303a","seq":1,"signature":"SIG","digest":"00"}""", "digest is '00'; the key of this item is ")]
    [InlineData("""{"publicKey":"KEY","salt":"LONG","value":"303a","seq":1,"signature":"SIG"}""", "salt: The salt is 65 bytes long; at most 64 are allowed.")]
    [InlineData("""{"publicKey":7,"value":"303a"}""", "publicKey is 7; text is needed.")]
    [InlineData("""{"key":"00"}""", "The field 'key' is unknown; ")]
    public async Task Each_malformed_item_gets_a_sentence(string body, string expected)
    {
        body = body.Replace("KEY", Owner, StringComparison.Ordinal)
            .Replace("SIG", new string('0', 128), StringComparison.Ordinal)
            .Replace("LONG", new string('s', 65), StringComparison.Ordinal);

        Assert.StartsWith(expected, await _api.FailAsync(HttpStatusCode.BadRequest, "PUT", Path, body), StringComparison.Ordinal);
        Assert.Empty(_api.Dht.Calls);
    }

    [Fact]
    public async Task A_value_of_1001_bytes_gets_a_sentence()
    {
        var value = Convert.ToHexStringLower(Item.EncodeBytes(new byte[997]));

        Assert.Equal("The value is 1001 bytes long in bencode; at most 1000 are allowed.", await _api.FailAsync(HttpStatusCode.BadRequest, "PUT", Path, $$"""{"value":"{{value}}"}"""));
    }

    [Theory]
    [InlineData("PUT", "/v1/items?expectedSeq=-1", "expectedSeq is '-1'; 0 to 9223372036854775807 is allowed.")]
    [InlineData("GET", "/v1/items/00", "The item is '00'; a public key in 64 hexadecimal digits, or a key in 40, is needed.")]
    [InlineData("GET", "/v1/items/356a192b7913b04c54574d18c28d46e6395428ab?salt=a", "The item is the key '356a192b7913b04c54574d18c28d46e6395428ab', which has a salt in it; salt goes with a public key.")]
    [InlineData("GET", "/v1/items/zb6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29", "The item is 'zb6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59…'; hexadecimal digits, two for each byte, are needed.")]
    [InlineData("GET", "/v1/items/3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29?saltHex=00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000", "saltHex: The salt is 70 bytes long; at most 64 are allowed.")]
    [InlineData("GET", "/v1/items/3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29?salt=%ff", "The query has '%ff', which is not UTF-8 text in percent-encoding.")]
    [InlineData("GET", "/v1/items/00/events", "The item is '00'; a public key in 64 hexadecimal digits, or a key in 40, is needed.")]
    public async Task Each_wrong_parameter_gets_a_sentence(string method, string path, string expected) =>
        Assert.Equal(expected, await _api.FailAsync(HttpStatusCode.BadRequest, method, path, method == "PUT" ? "{}" : null));

    [Fact]
    public async Task A_value_that_is_no_item_is_not_given_as_one()
    {
        await _api.JsonAsync("PUT", "/v1/keys/key", """{"value":1}""");
        var key = NodeId.FromKey("key");

        Assert.Equal($"No item was found at the key '{key}'; the value there is none.", await _api.FailAsync(HttpStatusCode.NotFound, "GET", $"{Path}/{key}"));
        Assert.StartsWith("No value was found for the key", await _api.FailAsync(HttpStatusCode.NotFound, "GET", $"{Path}/{Owner}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_batch_gets_and_puts_items()
    {
        var (first, second) = (await SignAsync(1, "one"), await SignAsync(2, "two"));

        await _api.ShowsAsync(
            """{"results":[{"status":404},{"status":200,"put":{"stored":3}},{"status":200,"item":{"seq":1,"verifies":true}},{"status":412},{"status":200}]}""",
            "POST",
            Batch,
            $$"""
            {"operations":[
              {"op":"getItem","item":"{{Owner}}","salt":"profile"},
              {"op":"putItem","item":{{Json(first)}},"wait":"durable"},
              {"op":"getItem","item":"{{first.Key}}"},
              {"op":"putItem","item":{{Json(second)}},"expectedSeq":0},
              {"op":"putItem","item":{{Json(second)}},"expectedSeq":"1"}]}
            """);
    }

    [Theory]
    [InlineData("""{"op":"putItem"}""", "Operation 1: item is missing; an object as the body of PUT /v1/items is needed.")]
    [InlineData("""{"op":"putItem","item":{"key":1}}""", "Operation 1: The field 'key' is unknown; ")]
    [InlineData("""{"op":"putitem","item":{}}""", "Operation 1: op is 'putitem'; get, put, delete, getItem or putItem is allowed.")]
    [InlineData("""{"item":{}}""", "Operation 1: op is ''; get, put, delete, getItem or putItem is allowed.")]
    [InlineData("""{"op":"getItem","item":"00"}""", "Operation 1: The item is '00'; ")]
    [InlineData("""{"op":"getItem","key":"00"}""", "Operation 1: The field 'key' is unknown; ")]
    public async Task A_batch_with_a_mistake_in_an_item_does_nothing(string operation, string expected)
    {
        Assert.StartsWith(expected, await _api.FailAsync(HttpStatusCode.BadRequest, "POST", Batch, $$"""{"operations":[{{operation}}]}"""), StringComparison.Ordinal);
        Assert.Empty(_api.Dht.Calls);
    }

    [Fact]
    public async Task Who_may_only_read_puts_no_item()
    {
        await _api.FailAsync(HttpStatusCode.Forbidden, "PUT", Path, "{}", headers: _api.Reader);
        var item = Json(await SignAsync(1, "one"));
        await _api.FailAsync(HttpStatusCode.Forbidden, "POST", Batch, $$"""{"operations":[{"op":"putItem","item":{{item}}}]}""", headers: _api.Reader);
        Assert.Empty(_api.Dht.Calls);
    }

    [Fact]
    public async Task An_item_is_kept_until_a_date_for_who_has_the_scope()
    {
        var item = Json(await SignAsync(1, "one"));
        await _api.ShowsAsync($$"""{"item":{"seq":1},"put":{"stored":3},"keptUntil":"{{Year}}-12-31T00:00:00+00:00"}""", "PUT", $"{Path}?keep={Year}-12-31", item);
        await _api.ShowsAsync($$"""{"keptUntil":"{{Year}}-12-31T10:00:00+00:00"}""", "PUT", $"{Path}?keep={Year}-12-31T12:00:00.7%2B02:00", item);
        Assert.Equal(
            [$"keep until {Year}-12-31 00:00:00Z", $"keep until {Year}-12-31 10:00:00Z"], _api.Dht.Calls.Select(call => string.Join(' ', call.Split(' ').Take(4))));

        var key = Item.KeyOf(Pair.PublicKey.Span, "profile"u8);
        Assert.Equal([$"keep {key}: until {Year}-12-31 10:00:00Z", $"keep {key}: until {Year}-12-31 00:00:00Z"], _api.Audit);

        var (secret, token) = ApiToken.Create("no keeper", [ApiScope.Read, ApiScope.Write]);
        _api.Tokens.Replace([.. _api.Tokens.All, token]);
        Assert.Equal(
            "The token 'no keeper' lacks the scope 'keep'; it has read, write.",
            await _api.FailAsync(HttpStatusCode.Forbidden, "PUT", $"{Path}?keep={Year}-12-31", item, headers: ("Authorization", $"Bearer {secret}")));
    }

    [Theory]
    [InlineData("keep=soon", "keep is 'soon'; a date such as 2030-01-31, or a time such as 2030-01-31T12:00:00Z, is needed.")]
    [InlineData("keep=2001-01-01", "The item is to be kept until 2001-01-01 00:00:00Z; a time after now, ")]
    [InlineData("keep=9999-01-01", "The item is to be kept until 9999-01-01 00:00:00Z; a time after now, ")]
    [InlineData("keep=2030-01-01&life=5", "keep is '2030-01-01' beside life; an item is kept without it.")]
    public async Task A_wrong_date_gets_a_sentence(string query, string expected) => Assert.StartsWith(
        expected, await _api.FailAsync(HttpStatusCode.BadRequest, "PUT", $"{Path}?{query}", Json(await SignAsync(1, "one"))), StringComparison.Ordinal);

    [Fact]
    public async Task More_items_than_may_be_kept_are_refused_with_the_limit()
    {
        _api.Dht.Refusal = new SetResult { Local = StoreResult.KeptQuotaExceeded };

        Assert.Contains(
            "raise 'keptKeys' with 'kad admin limits set', '--max-kept' or 'Kad:Cluster:Quota:KeptKeys'.",
            await _api.FailAsync(HttpStatusCode.InsufficientStorage, "PUT", $"{Path}?keep={Year}-12-31", Json(await SignAsync(1, "one"))),
            StringComparison.Ordinal);
        Assert.Equal(("keep", false), (Assert.Single(_api.Admin.Audit).Action, _api.Admin.Audit.Single().Succeeded));
    }

    // Who ends a publication that is none of a kept item has no place there.
    [Fact]
    public async Task The_end_of_keeping_an_item_is_in_the_audit_log_also_that_by_a_batch()
    {
        await _api.JsonAsync("PUT", "/v1/keys/key", """{"value":1}""");
        await _api.SendAsync("DELETE", "/v1/keys/key");
        Assert.Empty(_api.Audit);

        _api.Admin.KeptUntil = new DateTimeOffset(2040, 1, 2, 3, 4, 5, TimeSpan.Zero);
        await _api.JsonAsync("PUT", "/v1/keys/key", """{"value":1}""");
        await _api.SendAsync("DELETE", "/v1/keys/key");
        await _api.JsonAsync("PUT", "/v1/keys/key", """{"value":1}""");
        await _api.JsonAsync("POST", Batch, """{"operations":[{"op":"delete","key":"key"}]}""");
        var end = $"end keeping {NodeId.FromKey("key")}: was kept until 2040-01-02 03:04:05Z";
        Assert.Equal([end, end], _api.Audit);
    }

    [Fact]
    public async Task A_command_keeps_what_it_finds_and_ends_that()
    {
        await _api.JsonAsync("PUT", Path, Json(await SignAsync(4, "four")));
        var kept = await _api.RunAsync("keep", Owner, "--salt", "profile", "--until", $"{Year}-12-31");
        Assert.Equal((ExitCode.Done, true), (kept.ExitCode, kept.Output.Contains($"with the number 4 is kept until {Year}-12-31T00:00:00+00:00", StringComparison.Ordinal)));
        await _api.JsonAsync("PUT", Path, Json(await EndAsync(5)));
        var end = await _api.RunAsync("keep", Owner, "--salt", "profile", "--until", $"{Year}-12-31");
        Assert.Contains("with the number 5, the end of its owner's value, is kept until", end.Output, StringComparison.Ordinal);
        _api.Admin.KeptUntil = new DateTimeOffset(2040, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var ended = await _api.RunAsync("keep", Owner, "--salt", "profile", "--end");
        Assert.Equal((ExitCode.Done, true), (ended.ExitCode, ended.Output.Contains("is kept no longer.", StringComparison.Ordinal)));
        Assert.Equal("No date is given; --until DATE, or --end, is needed.", (await _api.RunAsync("keep", Owner)).Error.Trim());
        Assert.StartsWith("No value was found for the key", (await _api.RunAsync("keep", Owner, "--until", "2999-01-01")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_end_of_keeping_ends_no_publication_of_what_is_not_kept()
    {
        await _api.JsonAsync("PUT", "/v1/keys/key", """{"value":1}""");

        var ended = await _api.RunAsync("keep", $"{NodeId.FromKey("key")}", "--end");

        Assert.Equal((ExitCode.Failed, $"The item {NodeId.FromKey("key")} is not kept here."), (ended.ExitCode, ended.Error.Trim()));
        Assert.Equal("1", (await _api.JsonAsync("GET", "/v1/keys/key")).GetProperty("value").GetRawText());
        Assert.Equal(HttpStatusCode.NoContent, (await _api.SendAsync("DELETE", "/v1/keys/key")).StatusCode);
    }

    [Fact]
    public async Task A_watch_sends_the_item_and_newer_ones()
    {
        var (first, end) = (await SignAsync(1, "one"), await EndAsync(2));
        await _api.JsonAsync("PUT", Path, Json(first));
        await using var stream = await _api.Http.GetStreamAsync(
            new Uri($"{Path}/{Owner}/events?salt=profile", UriKind.Relative), TestContext.Current.CancellationToken);
        await using var events = SseParser.Create(stream).EnumerateAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();

        Assert.Equal(("item", 1, false), await NextAsync(events));
        _api.Dht.Tell("any", DhtValue.FromBytes(end.Envelope.ToArray()));
        Assert.Equal(("item", 2, true), await NextAsync(events));
        _api.Dht.Tell("any", "no item");
        Assert.True(await events.MoveNextAsync());
        Assert.Equal("none", events.Current.EventType);
    }

    private static async Task<(string Type, int Seq, bool IsEnd)> NextAsync(IAsyncEnumerator<SseItem<string>> events)
    {
        Assert.True(await events.MoveNextAsync());
        var item = JsonDocument.Parse(events.Current.Data).RootElement;
        return (events.Current.EventType, item.GetProperty("seq").GetInt32(), item.GetProperty("isEnd").GetBoolean());
    }

    private static async Task<Item> SignAsync(long seq, string text) =>
        await Pair.ToSigner().SignAsync("profile"u8.ToArray(), seq, Item.EncodeBytes(Encoding.UTF8.GetBytes(text)), TestContext.Current.CancellationToken);

    private static async Task<Item> EndAsync(long seq) =>
        await Pair.ToSigner().SignEndAsync("profile"u8.ToArray(), seq, TestContext.Current.CancellationToken);

    private static string Json(Item item) => $$"""
        {"publicKey":"{{Convert.ToHexStringLower(item.PublicKey.Span)}}","salt":"{{Encoding.UTF8.GetString(item.Salt.Span)}}","seq":{{item.Seq}},
         "value":"{{Convert.ToHexStringLower(item.Value.Span)}}","signature":"{{Convert.ToHexStringLower(item.Signature.Span)}}"}
        """;
}
