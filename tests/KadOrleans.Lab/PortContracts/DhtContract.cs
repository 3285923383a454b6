using System.Text.Json.Serialization.Metadata;

namespace KadOrleans.Lab;

/// <summary>What a program may expect of every <see cref="IDht"/>: one node, or a cluster.</summary>
public abstract class DhtContract
{
    /// <summary>Runs a test on an empty DHT.</summary>
    protected abstract Task RunAsync(Func<IDht, Task> test);

    /// <summary>Waits until a watch has its next element.</summary>
    protected abstract Task AwaitAsync(Task pending);

    private static (bool Found, T? Value) Both<T>(TypedResult<T> result) => (result.Found, result.Value);

    private static async Task<T?> SetAndGetAsync<T>(IDht dht, DhtValue value)
    {
        await dht.SetAsync("round trip", value);
        return (await dht.GetAsync<T>("round trip")).Value;
    }

    private async Task<T> NextAsync<T>(IAsyncEnumerator<T> watch)
    {
        var next = watch.MoveNextAsync().AsTask();
        await AwaitAsync(next);
        Assert.True(await next);
        return watch.Current;
    }

    [Fact]
    public Task Values_of_the_five_types_come_back_as_they_were_set() => RunAsync(async dht =>
    {
        await dht.SetAsync("text", "grüße");
        await dht.SetAsync("number", long.MinValue);
        await dht.SetAsync("float", 1.0);
        await dht.SetAsync("boolean", true);
        await dht.SetAsync("bytes", new byte[] { 1, 2, 3 });

        Assert.Equal("grüße", (await dht.GetAsync<string>("text")).Value);
        Assert.Equal(long.MinValue, (await dht.GetAsync<long>("number")).Value);
        Assert.Equal(1.0, (await dht.GetAsync<double>("float")).Value);
        Assert.True((await dht.GetAsync<bool>("boolean")).Value);
        Assert.Equal([1, 2, 3], (await dht.GetAsync<byte[]>("bytes")).Value);
    });

    [Theory]
    [InlineData(SetAcknowledgement.Network)]
    [InlineData(SetAcknowledgement.Durable)]
    public Task The_later_of_two_sets_is_read_back_and_published(SetAcknowledgement acknowledgement) => RunAsync(async dht =>
    {
        await dht.SetAsync("key", 1, acknowledgement);
        var set = await dht.SetAsync("key", "value", acknowledgement);

        Assert.Equal((true, StoreResult.Stored), (set.Succeeded, set.Publication));
        Assert.Equal("value", (await dht.GetAsync<string>("key")).Value);
        Assert.True(await dht.UnpublishAsync("key"));
        Assert.False(await dht.UnpublishAsync("key"));
    });

    [Fact]
    public Task A_value_for_a_time_is_read_back_not_published_and_replaces_only_what_ends_sooner() => RunAsync(async dht =>
    {
        var set = await dht.SetAsync("key", 1, TimeSpan.FromHours(2));
        Assert.Equal((true, null), (set.Succeeded, set.Publication));
        Assert.False((await dht.SetAsync("key", 2, TimeSpan.FromHours(1))).Succeeded);
        Assert.Equal(1, (await dht.GetAsync<long>("key")).Value);

        Assert.True((await dht.SetAsync("key", 3, TimeSpan.FromHours(3))).Succeeded);
        Assert.Equal(3, (await dht.GetAsync<long>("key")).Value);
        Assert.False(await dht.UnpublishAsync("key"));
    });

    [Fact]
    public Task A_signed_item_is_its_owners_from_the_first_to_its_end() => RunAsync(async dht =>
    {
        var (publicKey, salt) = (SignedItems.Owner.PublicKey, "contract"u8.ToArray());
        var (one, two) = (SignedItems.Sign(1, "3:one", "contract"), SignedItems.Sign(2, "3:two", "contract"));
        var end = SignedItems.Sign(3, "0:", "contract");
        Assert.Equal(default, (await dht.GetSignedAsync(publicKey, salt)).Item);
        Assert.Equal(StoreResult.InvalidItem, (await dht.SetSignedAsync(SignedItems.Forge(1, "3:one", "contract"))).Local);
        Assert.True((await dht.SetSignedAsync(one)).Succeeded);
        Assert.Equal(StoreResult.Superseded, (await dht.SetSignedIfAsync(two, expectedSeq: 0)).Local);
        Assert.True((await dht.SetSignedIfAsync(two, expectedSeq: 1)).Succeeded);
        Assert.True((await dht.SetSignedIfAsync(two, expectedSeq: 1)).Succeeded);
        Assert.Equal(two, (await dht.GetSignedAsync(publicKey, salt)).Item);

        Assert.False((await dht.SetSignedAsync(one)).Succeeded);
        Assert.False((await dht.SetAsync(two.Key, "lie")).Succeeded);
        var found = await dht.GetSignedAsync(publicKey, salt);
        Assert.Equal((two, true), (found.Item, found.Found));

        Assert.True((await dht.SetSignedAsync(end)).Succeeded);
        found = await dht.GetSignedAsync(publicKey, salt);
        Assert.Equal((end, false, true), (found.Item, found.Found, found.IsEnded));
    });

    [Fact]
    public Task An_item_is_signed_got_and_watched_by_a_salt_that_is_text() => RunAsync(async dht =>
    {
        var owner = SignedItems.Owner.ToSigner();
        await using var watch = dht.WatchSignedAsync(owner.PublicKey, "watched").GetAsyncEnumerator();
        Assert.Equal(default, await NextAsync(watch));

        var one = await owner.SignAsync("watched", 1, "grüße");
        Assert.True((await dht.SetSignedAsync(one)).Succeeded);
        Assert.Equal(new SignedResult(one, null), await NextAsync(watch));
        Assert.True((await dht.GetSignedAsync(owner.PublicKey, "watched")).Item!.TryGetText(out var text));
        Assert.Equal("grüße", text);
        Assert.Equal(one, (await dht.GetSignedAsync(owner.PublicKey, "watched"u8.ToArray())).Item);
        Assert.Null((await dht.GetSignedAsync(owner.PublicKey)).Item);

        Assert.True((await dht.SetSignedAsync(await owner.SignEndAsync("watched", 2))).Succeeded);
        Assert.True((await NextAsync(watch)).IsEnded);
        Assert.Throws<ArgumentException>(() => dht.WatchSignedAsync(owner.PublicKey, new string('ü', 33)));
    });

    [Fact]
    public Task An_item_is_kept_for_its_owner_and_follows_him() => RunAsync(async dht =>
    {
        var (one, two) = (SignedItems.Sign(1, "3:one", "kept"), SignedItems.Sign(2, "3:two", "kept"));
        var until = DateTimeOffset.UtcNow.AddDays(30);
        Assert.Equal(StoreResult.InvalidItem, (await dht.KeepSignedAsync(SignedItems.Forge(1, "3:one", "kept"), until)).Local);
        await Assert.ThrowsAsync<ArgumentException>(() => dht.KeepAsync(one.Key, DhtValue.FromString("text"), until));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => dht.KeepSignedAsync(one, DateTimeOffset.UnixEpoch));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => dht.KeepSignedAsync(one, DateTimeOffset.UtcNow.AddDays(12_000)));
        Assert.Null((await dht.GetSignedAsync(one.PublicKey, one.Salt)).Item);

        var kept = await dht.KeepSignedAsync(one, until);
        Assert.Equal((StoreResult.Stored, StoreResult.Stored, true), (kept.Local, kept.Publication, kept.Succeeded));
        Assert.Equal(one, (await dht.GetSignedAsync(one.PublicKey, one.Salt)).Item);
        Assert.True((await dht.SetSignedAsync(two)).Succeeded);
        SetResult[] refused = [await dht.KeepSignedAsync(one, until), await dht.SetSignedAsync(one, SetAcknowledgement.Durable), await dht.SetSignedAsync(one)];
        Assert.All(refused, result => Assert.Equal((StoreResult.OlderItem, 2), (result.Local, result.HeldSeq)));
        Assert.Equal(StoreResult.Stored, (await dht.KeepSignedAsync(two, until.AddDays(1))).Local);
        Assert.Equal(two, (await dht.GetSignedAsync(one.PublicKey, one.Salt)).Item);

        Assert.True(await dht.UnpublishAsync(one.Key));
        Assert.False(await dht.UnpublishAsync(one.Key));
        Assert.Equal(two, (await dht.GetSignedAsync(one.PublicKey, one.Salt)).Item);
    });

    [Theory]
    [InlineData(SetAcknowledgement.Network)]
    [InlineData(SetAcknowledgement.Durable)]
    public Task A_set_under_a_condition_stores_only_over_what_meets_it(SetAcknowledgement acknowledgement) => RunAsync(async dht =>
    {
        var key = NodeId.FromKey($"conditional {acknowledgement}");
        Assert.Equal(StoreResult.Superseded, (await dht.SetIfAsync(key, 1, found => found is not null, acknowledgement)).Local);
        Assert.False((await dht.GetAsync(key)).Found);
        var first = await dht.SetIfAsync(key, 1, found => found is null, acknowledgement);
        Assert.Equal((true, StoreResult.Stored), (first.Succeeded, first.Publication));
        var refused = await dht.SetIfAsync(key, 2, found => found is null, acknowledgement);
        Assert.Equal((false, StoreResult.Superseded), (refused.Succeeded, refused.Local));
        Assert.Equal(1, (await dht.GetAsync<long>(key)).Value);

        Assert.True((await dht.SetIfAsync(key, 2, found => found == 1, acknowledgement)).Succeeded);
        Assert.Equal(2, (await dht.GetAsync<long>(key)).Value);
        Assert.True(await dht.UnpublishAsync(key));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task Of_sets_at_once_that_found_nothing_one_stores(bool hasLife) => RunAsync(async dht =>
    {
        var key = NodeId.FromKey($"lock {hasLife}");
        TimeSpan? life = hasLife ? TimeSpan.FromHours(1) : null;
        var sets = await Task.WhenAll(Enumerable.Range(0, 4).Select(owner => dht.SetIfAsync(key, owner, found => found is null, SetAcknowledgement.Network, life)));

        var owner = Assert.Single(sets.Index(), set => set.Item.Succeeded).Index;
        Assert.Equal(3, sets.Count(set => set.Local == StoreResult.Superseded));
        Assert.Equal(owner, (await dht.GetAsync<long>(key)).Value);
    });

    /// <summary>Each put has a version of its own, also one of an equal value; of calls that name one at most one is done.</summary>
    [Theory]
    [InlineData(SetAcknowledgement.Network)]
    [InlineData(SetAcknowledgement.Durable)]
    public Task A_version_is_of_one_write_and_only_rises(SetAcknowledgement acknowledgement) => RunAsync(async dht =>
    {
        var key = NodeId.FromKey($"version {acknowledgement}");
        Assert.True((await dht.GetAsync(key)).Version.IsNothing);
        var first = (await dht.SetIfAsync(key, 1, ValueVersion.Nothing, acknowledgement)).Version;
        Assert.Equal(first, (await dht.GetAsync(key)).Version);
        var second = (await dht.SetAsync(key, 1, acknowledgement)).Version;
        Assert.InRange(second.Number, first.Number + 1, long.MaxValue);
        Assert.Equal(second, (await dht.GetAsync(key)).Version);

        // Equal values, and A, B, A.
        Assert.Equal(StoreResult.Superseded, (await dht.SetIfAsync(key, 1, first, acknowledgement)).Local);
        var third = (await dht.SetIfAsync(key, 1, second, acknowledgement)).Version;
        Assert.InRange(third.Number, second.Number + 1, long.MaxValue);
        Assert.Equal(StoreResult.Superseded, (await dht.SetIfAsync(key, 1, second, acknowledgement)).Local);
        Assert.Equal(StoreResult.Superseded, (await dht.SetIfAsync(key, 1, ValueVersion.Nothing, acknowledgement)).Local);

        Assert.Equal(DeleteResult.Superseded, await dht.DeleteIfAsync(key, second));
        Assert.Equal(third, (await dht.GetAsync(key)).Version);
        Assert.Equal(DeleteResult.Deleted, await dht.DeleteIfAsync(key, third));
        Assert.Equal(DeleteResult.Superseded, await dht.DeleteIfAsync(key, third));
        Assert.InRange((await dht.SetAsync(key, 1, acknowledgement)).Version.Number, third.Number + 1, long.MaxValue);
    });

    [Fact]
    public Task A_lease_is_renewed_shortened_and_given_away_under_its_version() => RunAsync(async dht =>
    {
        // A node holds what is next to it, and a cluster all.
        var key = (await dht.GetStatusAsync()).Nodes is [var node, ..] ? node.Ids[0] : NodeId.FromKey("lease");
        var got = await dht.SetIfAsync(key, 1, ValueVersion.Nothing, SetAcknowledgement.Network, TimeSpan.FromHours(1));
        Assert.Equal(StoreResult.Stored, got.Local);

        // The same value for ten seconds more, for less, and another value for less.
        var version = got.Version;
        foreach (var (owner, life) in new[] { (1, TimeSpan.FromSeconds(3_610)), (1, TimeSpan.FromMinutes(2)), (2, TimeSpan.FromMinutes(1)) })
        {
            var next = await dht.SetIfAsync(key, owner, version, SetAcknowledgement.Network, life);
            Assert.Equal(StoreResult.Stored, next.Local);
            Assert.InRange(next.Version.Number, version.Number + 1, long.MaxValue);
            version = next.Version;
        }

        Assert.Equal(2, (await dht.GetAsync<long>(key)).Value);
    });

    /// <summary>Also after its value was replaced, while that is remembered; another call's is not its own.</summary>
    [Theory]
    [InlineData(SetAcknowledgement.Network)]
    [InlineData(SetAcknowledgement.Durable)]
    public Task A_repeated_call_finds_its_own_success(SetAcknowledgement acknowledgement) => RunAsync(async dht =>
    {
        var key = NodeId.FromKey($"repeated {acknowledgement}");
        var first = (await dht.SetIfAsync(key, 1, ValueVersion.Nothing, acknowledgement, callId: 7)).Version;
        Assert.Equal(first, (await dht.SetIfAsync(key, 1, ValueVersion.Nothing, acknowledgement, callId: 7)).Version);
        var second = (await dht.SetIfAsync(key, 2, first, acknowledgement, callId: 8)).Version;
        var third = (await dht.SetIfAsync(key, 3, second, acknowledgement, callId: 9)).Version;
        var again = await dht.SetIfAsync(key, 2, first, acknowledgement, callId: 8);
        Assert.Equal((true, second), (again.Local == StoreResult.Stored, again.Version));
        Assert.Equal(StoreResult.Superseded, (await dht.SetIfAsync(key, 4, second, acknowledgement, callId: 10)).Local);

        // Another caller's who chose the same id.
        Assert.Equal(StoreResult.Superseded, (await dht.SetIfAsync(key, 4, second, acknowledgement, callId: 9)).Local);
        Assert.False((await dht.SetIfAsync(key, 4, ValueVersion.Nothing, acknowledgement, callId: 7)).Succeeded);
        Assert.Equal((third, 3), ((await dht.GetAsync(key)).Version, (await dht.GetAsync<long>(key)).Value));

        Assert.Equal(DeleteResult.Deleted, await dht.DeleteIfAsync(key, third, callId: 11));
        Assert.Equal(DeleteResult.Deleted, await dht.DeleteIfAsync(key, third, callId: 11));
        Assert.Equal(DeleteResult.Superseded, await dht.DeleteIfAsync(key, third, callId: 12));
        Assert.Equal(DeleteResult.Superseded, await dht.DeleteIfAsync(key, ValueVersion.Nothing));
    });

    [Fact]
    public Task A_call_whose_outcome_nobody_remembers_is_told_so() => RunAsync(async dht =>
    {
        var key = NodeId.FromKey("forgotten");
        var first = (await dht.SetAsync(key, 1)).Version;
        await dht.SetAsync(key, 2);

        Assert.Equal(StoreResult.Unknown, (await dht.SetIfAsync(key, 3, first, SetAcknowledgement.Network, callId: 7)).Local);
        Assert.Equal(StoreResult.Superseded, (await dht.SetIfAsync(key, 3, first, SetAcknowledgement.Network)).Local);
        Assert.Equal(2, (await dht.GetAsync<long>(key)).Value);
    });

    [Fact]
    public Task A_count_that_several_add_to_at_once_loses_none() => RunAsync(async dht =>
    {
        const int Adders = 4;
        var key = NodeId.FromKey("count");
        await dht.SetAsync(key, 0);
        await Task.WhenAll(Enumerable.Range(0, Adders).Select(async _ =>
        {
            for (var isAdded = false; !isAdded;)
            {
                var before = (await dht.GetAsync<long>(key)).Value;
                isAdded = (await dht.SetIfAsync(key, before + 1, found => found == before, SetAcknowledgement.Durable)).Succeeded;
            }
        }));

        Assert.Equal(Adders, (await dht.GetAsync<long>(key)).Value);
    });

    [Fact]
    public Task A_text_that_is_no_key_is_refused_in_a_sentence() => RunAsync(async dht =>
    {
        var mistakes = new Dictionary<string, string>
        {
            [string.Empty] = "The key has 0 characters; 1 to 1024 are allowed.",
            [new string('k', 1_025)] = "The key has 1025 characters; 1 to 1024 are allowed.",
            ["half \ud83d"] = "The key has half of a surrogate pair; Unicode text is needed.",
        };
        foreach (var (key, sentence) in mistakes)
        {
            Assert.StartsWith(sentence, (await Assert.ThrowsAsync<ArgumentException>(() => dht.SetAsync(key, 1))).Message, StringComparison.Ordinal);
            Assert.StartsWith(sentence, (await Assert.ThrowsAsync<ArgumentException>(() => dht.GetAsync(key))).Message, StringComparison.Ordinal);
        }

        foreach (var key in (string[])[".", "..", "a/b", "\0", new string('k', 1_024), "😀"])
        {
            await dht.SetAsync(key, 1);
            Assert.Equal(1, (await dht.GetAsync<long>(key)).Value);
        }
    });

    [Fact]
    public Task A_value_for_a_time_does_not_end_a_publication() => RunAsync(async dht =>
    {
        await dht.SetAsync("key", 1);

        var set = await dht.SetAsync("key", 2, TimeSpan.FromDays(7));

        Assert.Equal((false, StoreResult.Outdated), (set.Succeeded, set.Local));
        Assert.Equal(1, (await dht.GetAsync<long>("key")).Value);
        Assert.True(await dht.UnpublishAsync("key"));
    });

    [Fact]
    public Task A_life_beyond_its_bounds_is_refused() => RunAsync(async dht =>
    {
        foreach (var seconds in new[] { 0.999, 0, -1, (366 * 86_400) + 0.1 })
        {
            var life = TimeSpan.FromSeconds(seconds);
            var message = (await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => dht.SetAsync("key", 1, life))).Message;
            Assert.StartsWith($"The life is {life}; 00:00:01 to 365.00:00:00 is allowed.", message, StringComparison.Ordinal);
        }

        Assert.False((await dht.GetAsync("key")).Found);
    });

    [Fact]
    public Task A_key_without_a_value_is_not_found() => RunAsync(async dht =>
    {
        Assert.Equal((false, null), Both(await dht.GetAsync<string>("nowhere")));
        Assert.Equal((false, null), Both(await dht.GetAsync<int?>("nowhere")));
        var result = await dht.GetAsync("nowhere");
        Assert.False(result.Found);
        Assert.NotNull(result.Lookup);
        Assert.False(await dht.UnpublishAsync("nowhere"));
    });

    [Fact]
    public Task A_value_of_another_type_and_an_unsupported_type_are_refused_in_a_sentence() => RunAsync(async dht =>
    {
        await dht.SetAsync("number", DhtValue.FromInteger(ulong.MaxValue));

        var other = await Assert.ThrowsAsync<InvalidOperationException>(() => dht.GetAsync<string>("number"));
        Assert.Equal("The value is a whole number, not a string.", other.Message);
        var beyond = await Assert.ThrowsAsync<InvalidOperationException>(() => dht.GetAsync<long>("number"));
        Assert.Contains("18446744073709551615", beyond.Message, StringComparison.Ordinal);
        var unknown = await Assert.ThrowsAsync<NotSupportedException>(() => dht.GetAsync<DateTime>("number"));
        Assert.Equal(
            "Type DateTime is not supported; use string, sbyte, byte, short, ushort, int, uint, long, ulong, nint, nuint, Int128, float, double, bool, byte[], "
                + "ReadOnlyMemory<byte> or DhtValue, or GetJsonAsync for what was stored as JSON.",
            unknown.Message);
        Assert.Equal(unknown.Message, (await Assert.ThrowsAsync<NotSupportedException>(() => dht.GetAsync<DateTime?>("number"))).Message);
    });

    [Fact]
    public Task An_int_comes_back_as_one_and_a_number_that_is_none_is_refused() => RunAsync(async dht =>
    {
        foreach (var number in new[] { int.MinValue, 0, 42, int.MaxValue })
        {
            await dht.SetAsync("int", number);
            Assert.Equal((true, number), Both(await dht.GetAsync<int>("int")));
            Assert.Equal((true, number), Both(await dht.GetAsync<int?>("int")));
        }

        foreach (var number in new[] { int.MinValue - 1L, int.MaxValue + 1L })
        {
            await dht.SetAsync("int", number);
            var beyond = await Assert.ThrowsAsync<InvalidOperationException>(() => dht.GetAsync<int>("int"));
            Assert.Equal($"The value is {number}, which Int32 does not hold; get it as another type, or without one.", beyond.Message);
        }
    });

    /// <summary>Of two conversions C# takes the one to a double, and would store another number.</summary>
    [Fact]
    public Task Unsigned_numbers_and_spans_come_back_as_they_were() => RunAsync(async dht =>
    {
        await dht.SetAsync("number", ulong.MaxValue);
        Assert.Equal((Int128)ulong.MaxValue, (await dht.GetAsync("number")).Value!.Value.AsInteger());
        Assert.Equal(ulong.MaxValue, (await dht.GetAsync<ulong>("number")).Value);
        await dht.SetAsync("number", uint.MaxValue);
        Assert.Equal(uint.MaxValue, (await dht.GetAsync<uint>("number")).Value);
        await dht.SetAsync("number", (nuint)7);
        Assert.Equal(7, (await dht.GetAsync<int>("number")).Value);
        await dht.SetAsync("bytes", "text"u8);
        Assert.Equal("text"u8.ToArray(), (await dht.GetAsync<byte[]>("bytes")).Value);
        var (found, value) = await dht.GetAsync("bytes");
        Assert.True(found && value is { Kind: DhtValueKind.Bytes });
    });

    [Fact]
    public Task What_a_value_returns_and_what_converts_to_one_comes_back_as_the_same_type() => RunAsync(async dht =>
    {
        var bytes = await SetAndGetAsync<ReadOnlyMemory<byte>>(dht, DhtValue.FromBytes([1, 2]).AsBytes());
        Assert.Equal([1, 2], bytes.ToArray());
        Assert.Equal(long.MinValue, await SetAndGetAsync<Int128>(dht, DhtValue.FromInteger(long.MinValue).AsInteger()));
        Assert.Equal(sbyte.MinValue, await SetAndGetAsync<sbyte>(dht, sbyte.MinValue));
        Assert.Equal(byte.MaxValue, await SetAndGetAsync<byte>(dht, byte.MaxValue));
        Assert.Equal(short.MinValue, await SetAndGetAsync<short>(dht, short.MinValue));
        Assert.Equal(ushort.MaxValue, await SetAndGetAsync<ushort>(dht, ushort.MaxValue));
        Assert.Equal(-7, await SetAndGetAsync<nint>(dht, (nint)(-7)));
        Assert.Equal(7u, await SetAndGetAsync<nuint>(dht, (nuint)7));
        Assert.Equal(0.1f, await SetAndGetAsync<float>(dht, 0.1f));
        Assert.Equal(float.NaN, await SetAndGetAsync<float>(dht, float.NaN));
        Assert.Equal(DhtValue.FromBoolean(true), await SetAndGetAsync<DhtValue>(dht, true));
        var narrow = await Assert.ThrowsAsync<InvalidOperationException>(() => SetAndGetAsync<float>(dht, 0.1));
        Assert.Equal("The value is 0.1, which Single does not hold; get it as another type, or without one.", narrow.Message);
        await Assert.ThrowsAsync<InvalidOperationException>(() => SetAndGetAsync<byte>(dht, 256));
        await Assert.ThrowsAsync<InvalidOperationException>(() => SetAndGetAsync<short?>(dht, short.MaxValue + 1));
    });

    [Fact]
    public Task A_typed_get_has_the_version_and_the_lookup_of_the_untyped_one() => RunAsync(async dht =>
    {
        var set = await dht.SetAsync("key", 1, SetAcknowledgement.Durable);
        var got = await dht.GetAsync("key");
        var typed = await dht.GetAsync<int>("key");
        Assert.Equal((set.Version, got.Lookup is null), (typed.Version, typed.Lookup is null));
        Assert.Equal(StoreResult.Superseded, (await dht.SetIfAsync(NodeId.FromKey("key"), 2, ValueVersion.Nothing)).Local);
        Assert.True((await dht.SetIfAsync(NodeId.FromKey("key"), 2, typed.Version)).Succeeded);

        var nothing = await dht.GetAsync<int>("nothing");
        Assert.Equal((ValueVersion.Nothing, true), (nothing.Version, nothing.Lookup is not null));
    });

    /// <summary>Each number but 0 is an id, so that it may be any 64 random bits.</summary>
    [Fact]
    public Task A_call_with_a_negative_id_finds_its_own_success() => RunAsync(async dht =>
    {
        var key = NodeId.FromKey("negative");
        var first = await dht.SetIfAsync(key, 1, ValueVersion.Nothing, callId: -3);
        Assert.True(first.Succeeded);
        Assert.Equal(first.Version, (await dht.SetIfAsync(key, 1, ValueVersion.Nothing, callId: -3)).Version);
        Assert.Equal(DeleteResult.Deleted, await dht.DeleteIfAsync(key, first.Version, callId: long.MinValue));
        Assert.Equal(DeleteResult.Deleted, await dht.DeleteIfAsync(key, first.Version, callId: long.MinValue));
    });

    [Fact]
    public Task Calls_refuse_each_argument_that_is_null_by_its_name() => RunAsync(async dht =>
    {
        await NullArguments.CheckAsync(typeof(IDht), dht);
        await NullArguments.CheckAsync(typeof(IDhtItems), dht);
    });

    [Fact]
    public Task An_unknown_acknowledgement_is_refused() => RunAsync(async dht =>
    {
        var wrong = (SetAcknowledgement)7;
        var key = NodeId.FromKey("key");
        Assert.StartsWith(
            "The acknowledgement is 7; Network or Durable is allowed.",
            (await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => dht.SetAsync(key, 1, wrong))).Message,
            StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => dht.SetIfAsync(key, 1, ValueVersion.Nothing, wrong));
    });

    [Fact]
    public Task An_object_comes_back_from_its_json_and_other_text_is_refused_in_a_sentence() => RunAsync(async dht =>
    {
        var type = (JsonTypeInfo<string[]>)JsonSerializerOptions.Web.GetTypeInfo(typeof(string[]));
        Assert.Equal((false, null), Both(await dht.GetJsonAsync("list", type)));
        Assert.True((await dht.SetJsonAsync("list", ["a", "ü"], type)).Succeeded);
        Assert.Equal("a ü", string.Join(' ', (await dht.GetJsonAsync("list", type)).Value!));
        Assert.Equal(DhtValueKind.String, (await dht.GetAsync("list")).Value!.Value.Kind);
        Assert.Equal(StoreResult.Superseded, (await dht.SetJsonIfAsync("list", ["b"], type, ValueVersion.Nothing)).Local);
        Assert.True((await dht.SetJsonIfAsync("list", ["b"], type, (await dht.GetJsonAsync("list", type)).Version)).Succeeded);
        Assert.Equal("b", Assert.Single((await dht.GetAsync("list")).Value!.Value.AsJson(type)!));

        var lent = await dht.SetJsonAsync("lent", ["c"], type, TimeSpan.FromHours(1));
        Assert.Equal((true, null), (lent.Succeeded, lent.Publication));
        Assert.Equal("c", Assert.Single((await dht.GetJsonAsync("lent", type)).Value!));

        await dht.SetAsync("list", "hello");
        var text = await Assert.ThrowsAsync<InvalidOperationException>(() => dht.GetJsonAsync("list", type));
        Assert.StartsWith("The value is no JSON of String[]: ", text.Message, StringComparison.Ordinal);
        await dht.SetAsync("list", 1);
        Assert.Equal("The value is a whole number, not a string.", (await Assert.ThrowsAsync<InvalidOperationException>(() => dht.GetJsonAsync("list", type))).Message);
    });

    [Theory]
    [InlineData(SetAcknowledgement.Network)]
    [InlineData(SetAcknowledgement.Durable)]
    public Task Arguments_that_no_node_accepts_are_refused(SetAcknowledgement acknowledgement) => RunAsync(async dht =>
    {
        var large = await Assert.ThrowsAsync<ArgumentException>(
            () => dht.SetAsync("key", new byte[StoreRules.MaxContentLength + 1], acknowledgement));
        Assert.StartsWith("The value is 8138 bytes long; at most 8137 are allowed.", large.Message, StringComparison.Ordinal);
        var empty = await Assert.ThrowsAsync<ArgumentException>(() => dht.SetAsync("key", default, acknowledgement));
        Assert.StartsWith("The value is empty (default(DhtValue)).", empty.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => dht.PingAsync(UdpEndpoint.Parse("224.0.0.1:1")));
        Assert.False((await dht.GetAsync("key")).Found);
    });

    [Fact]
    public Task A_call_that_was_cancelled_before_it_began_does_nothing() => RunAsync(async dht =>
    {
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dht.GetAsync("key", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dht.SetAsync("key", 1, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => dht.SetAsync("key", 1, SetAcknowledgement.Durable, cancelled));
        Assert.False((await dht.GetAsync("key")).Found);
    });

    [Fact]
    public Task A_watch_begins_with_the_value_and_tells_of_each_change() => RunAsync(async dht =>
    {
        await dht.SetAsync("key", 1);
        await using var watch = dht.WatchAsync("key").GetAsyncEnumerator();

        Assert.Equal(new KeyChange(NodeId.FromKey("key"), 1), await NextAsync(watch));
        await dht.SetAsync("key", 2);
        Assert.Equal(new KeyChange(NodeId.FromKey("key"), 2), await NextAsync(watch));
        await dht.SetAsync("key", 2);
        await dht.SetAsync("other", 9);
        await dht.SetAsync("key", 3, SetAcknowledgement.Durable);
        Assert.Equal(new KeyChange(NodeId.FromKey("key"), 3), await NextAsync(watch));
    });

    [Fact]
    public Task A_watch_tells_of_a_removal() => RunAsync(async dht =>
    {
        await using var watch = dht.WatchAsync("removed").GetAsyncEnumerator();
        Assert.Null((await NextAsync(watch)).Value);
        var set = await dht.SetAsync("removed", 1);
        Assert.Equal(1, (await NextAsync(watch)).Value);

        Assert.Equal(DeleteResult.Deleted, await dht.DeleteIfAsync("removed", set.Version));
        Assert.Null((await NextAsync(watch)).Value);
    });

    [Fact]
    public Task A_watch_of_a_key_without_a_value_waits_for_one_and_ends_when_it_is_cancelled() => RunAsync(async dht =>
    {
        using var ending = new CancellationTokenSource();
        await using var watch = dht.WatchAsync("key", ending.Token).GetAsyncEnumerator();
        await using var another = dht.WatchAsync("key").GetAsyncEnumerator();

        Assert.Null((await NextAsync(watch)).Value);
        Assert.Null((await NextAsync(another)).Value);
        await dht.SetAsync("key", "value");
        Assert.Equal("value", (await NextAsync(watch)).Value);
        Assert.Equal("value", (await NextAsync(another)).Value);
        ending.Cancel();
        Assert.Equal(ending.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => NextAsync(watch))).CancellationToken);
    });

    [Fact]
    public Task A_dht_in_a_network_is_ready_and_names_nodes_with_contacts_that_respond_to_pings() => RunAsync(async dht =>
    {
        await dht.WaitUntilReadyAsync();
        Assert.Single(Assert.Single((await dht.GetStatusAsync()).Nodes).Ids);

        var found = await dht.FindNodeAsync(NodeId.FromKey("target"));
        var ping = await dht.PingAsync(found.Closest[0].Endpoint);
        Assert.True(ping.Answered);
        Assert.Equal(found.Closest[0].Id, ping.Id);
    });
}
