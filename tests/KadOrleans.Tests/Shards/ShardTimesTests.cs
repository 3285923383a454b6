using KadOrleans.Shards;

namespace KadOrleans.Tests.Shards;

/// <summary>When values came again unchanged survives a kill and a move, up to the last minutes, and nothing depends on it.</summary>
public sealed class ShardTimesTests(ITestOutputHelper output)
{
    private const string Name = "kad-shard-times";
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly ManualTimeProvider _clock = new();
    private FakeRecords _records = new();

    [Theory]
    [InlineData(5)]
    [InlineData(1_000)]
    public Task After_a_kill_what_came_in_the_last_minutes_and_what_was_due_is_due(int perRecord) => EngineHost.RunAsync(async () =>
    {
        var shard = await FillAsync(1_000, perRecord);
        for (var minute = 0; minute < 33; minute++)
        {
            await TouchAsync(shard, Enumerable.Range(minute * 30, 30));
            _clock.Advance(Minute);
            if (minute % 5 == 4)
            {
                await shard.Engine.SaveTimesAsync();
            }
        }

        var due = Due(shard);
        Assert.Equal(10, due.Count);
        Assert.Equal([.. due, .. Keys(900, 90)], Due(await KillAsync()), Unordered);
    });

    [Fact]
    public Task A_move_forgets_nothing_and_a_kill_after_it_neither() => EngineHost.RunAsync(async () =>
    {
        var shard = await FillAsync(40, 1);
        await TouchAsync(shard, Enumerable.Range(0, 30));
        await shard.Engine.SaveLastTimesAsync();
        _clock.Advance(Minute);
        shard = await ActivateAsync(shard.Log.Save());
        Assert.Equal(Keys(30, 10), Due(shard), Unordered);
        Assert.Equal(Keys(30, 10), Due(await KillAsync()), Unordered);

        // What it writes has what was moved along.
        await TouchAsync(shard, [30]);
        await shard.Engine.SaveTimesAsync();
        Assert.Equal(Keys(31, 9), Due(await KillAsync()), Unordered);
    });

    [Fact]
    public Task What_a_clock_noted_that_was_ahead_by_hours_is_due_once_and_not_hours_late() => EngineHost.RunAsync(async () =>
    {
        _clock.SetWallClock(3 * Hour);
        var shard = await FillAsync(40, 1);
        await TouchAsync(shard, Enumerable.Range(0, 40));
        _clock.SetWallClock(-3 * Hour);
        Assert.Equal(Keys(0, 40), Due(shard), Unordered);

        await TouchAsync(shard, Enumerable.Range(0, 40));
        Assert.Empty(Due(shard));
        _clock.Advance(Hour);
        Assert.Equal(Keys(0, 40), Due(shard), Unordered);
    });

    [Theory]
    [InlineData(WriteFault.NotDone)]
    [InlineData(WriteFault.Done)]
    [InlineData(WriteFault.DoneTwice)]
    [InlineData(WriteFault.DoneLater)]
    internal Task A_write_that_fails_is_tried_again_and_changes_nothing_else(WriteFault fault) => EngineHost.RunAsync(async () =>
    {
        var shard = await FillAsync(40, 1);
        await TouchAsync(shard, Enumerable.Range(0, 10));
        _records.OnWrite = name => name == Name ? fault : WriteFault.None;
        await shard.Engine.SaveTimesAsync();
        await TouchAsync(shard, Enumerable.Range(10, 10));
        Assert.Equal(StoreResult.Stored, await shard.PutAsync(Samples.Key(-1), Held("other")));

        _records.OnWrite = _ => WriteFault.None;
        _records.ArriveLate();
        await shard.Engine.SaveTimesAsync();
        _clock.Advance(Minute);
        Assert.Equal(Keys(20, 20), Due(await KillAsync()), Unordered);
    });

    [Fact]
    public Task Two_activations_that_write_at_once_lose_no_times() => EngineHost.RunAsync(async () =>
    {
        var shard = await FillAsync(40, 1);
        await TouchAsync(shard, Enumerable.Range(0, 10));
        var other = await ActivateAsync();
        await TouchAsync(other, Enumerable.Range(10, 10));
        await shard.Engine.SaveTimesAsync();
        await other.Engine.SaveTimesAsync();
        _clock.Advance(Minute);
        Assert.Equal(Keys(10, 30), Due(await KillAsync()), Unordered);

        await other.Engine.SaveTimesAsync();
        Assert.Equal(Keys(20, 20), Due(await KillAsync()), Unordered);
    });

    [Fact]
    public Task A_record_that_cannot_be_read_is_left_out_and_not_overwritten() => EngineHost.RunAsync(async () =>
    {
        var shard = await FillAsync(40, 1);
        await TouchAsync(shard, Enumerable.Range(0, 10));
        await shard.Engine.SaveTimesAsync();
        _records.FailRead = name => name == Name;
        shard = await ActivateAsync();
        Assert.Equal(40, Due(shard).Count);
        await TouchAsync(shard, Enumerable.Range(10, 10));
        await shard.Engine.SaveTimesAsync();
        _clock.Advance(Minute);
        _records.FailRead = _ => false;
        Assert.Equal(Keys(10, 30), Due(await KillAsync()), Unordered);

        await shard.Engine.SaveTimesAsync();
        Assert.Equal(Keys(20, 20), Due(await KillAsync()), Unordered);
    });

    [Theory]
    [InlineData(3, 0)]
    [InlineData(10, -1)]
    [InlineData(10, long.MaxValue)]
    [InlineData(0, 0)]
    public Task A_damaged_record_is_left_out_and_replaced(int length, long minutes) => EngineHost.RunAsync(async () =>
    {
        await FillAsync(40, 1);
        _records.Set(Name, new TimesRecord { Minutes = minutes, Entries = new byte[length] });
        var shard = await ActivateAsync();
        Assert.Equal(40, Due(shard).Count);
        await TouchAsync(shard, Enumerable.Range(0, 10));
        await shard.Engine.SaveTimesAsync();
        Assert.Equal(Keys(10, 30), Due(await KillAsync()), Unordered);
    });

    [Fact]
    public Task A_value_that_was_removed_and_set_again_has_no_time_of_the_one_before() => EngineHost.RunAsync(async () =>
    {
        var shard = await FillAsync(2, 1);
        await TouchAsync(shard, [0, 1]);
        await shard.Engine.SaveTimesAsync();
        await shard.RemoveAsync(Samples.Key(0));
        var imported = Held("value") with { StoredAt = _clock.GetUtcNow() - (3 * Hour), ExpiresAt = _clock.GetUtcNow() + (5 * Hour) };
        await ImportAsync(shard, [(Samples.Key(0), imported)]);
        Assert.Equal([Samples.Key(0)], Due(await KillAsync()));
    });

    [Theory]
    [InlineData(0)]
    [InlineData(500)]
    public Task No_time_of_the_record_is_beyond_now_or_refuses_a_put_that_is_not_late(int minutesAhead) => EngineHost.RunAsync(async () =>
    {
        var shard = await FillAsync(1, 1);
        var now = _clock.GetUtcNow();
        var (key, held) = (Samples.Key(0), (await shard.ReadAsync(Samples.Key(0)))[0]!);
        var minutes = MovedTimes.MinutesOf(now) + minutesAhead;
        var entries = MovedTimes.Encode([(MovedTimes.NameOf(key, held.ExpiresAt), minutes)], minutes);
        _records.Set(Name, new TimesRecord { Minutes = minutes, Entries = entries });
        shard = await ActivateAsync();
        Assert.Empty(Due(shard));
        Assert.InRange((await shard.ReadAsync(key))[0]!.StoredAt, now - Minute, now);
        Assert.Equal(StoreResult.Stored, await shard.PutAsync(key, Held("other") with { StoredAt = now - TimeSpan.FromSeconds(8) }));
    });

    [Fact]
    public Task Halves_of_a_split_have_the_times() => EngineHost.RunAsync(async () =>
    {
        var records = new SplitRecords { Shard = _records };
        await FillAsync(300, 2);
        var shard = await EngineHost.ActivateAsync(_records, halves: records.Halves, clock: _clock);
        await TouchAsync(shard, Enumerable.Range(0, 200));
        await shard.Engine.SaveTimesAsync();
        await shard.Engine.FillHalvesAsync();
        await shard.Engine.EmptyAsync();

        var halves = new[] { records.Lower, records.Upper }.Select(half => EngineHost.ActivateAsync(half, half: "half", clock: _clock));
        Assert.Equal(Keys(200, 100), (await Task.WhenAll(halves)).SelectMany(Due), Unordered);
        var emptied = (await _records.ReadAsync<TimesRecord>(Name)).Content!;
        Assert.Empty(emptied.Entries);
        Assert.True(MovedTimes.TryDecode(emptied.Entries, emptied.Minutes, []), "It is read as damaged.");
    });

    [Fact]
    public Task What_a_compaction_writes_needs_no_time_beside_it() => EngineHost.RunAsync(async () =>
    {
        var shard = await FillAsync(40, 40);
        await TouchAsync(shard, Enumerable.Range(0, 40));
        Assert.Equal(40, shard.Log.Image.FindMoved().Count());
        for (var i = 0; i < 100; i++)
        {
            await shard.PutAsync(Samples.Key(-1), Held($"{i}"));
        }

        Assert.Empty(shard.Log.Image.FindMoved());
        Assert.Empty(Due(await KillAsync()));
    });

    [Fact]
    public Task A_record_has_the_times_that_moved_last_if_there_are_more_than_it_holds() => EngineHost.RunAsync(async () =>
    {
        const int Keys = ShardTimes.MaxEntries + 100;
        var shard = await FillAsync(Keys, 4_000);
        await TouchAsync(shard, Enumerable.Range(0, 100));
        _clock.Advance(2 * Minute);
        await TouchAsync(shard, Enumerable.Range(100, Keys - 100));
        await shard.Engine.SaveTimesAsync();
        Assert.Equal(Enumerable.Range(0, 100).Select(Samples.Key), Due(await KillAsync()), Unordered);
        Assert.InRange((await _records.ReadAsync<TimesRecord>(Name)).Content!.Entries.Length, 1, ShardWriter.MaxRecordBytes);
    });

    // A shard's keys are sent in its turn, which takes minutes. Others may store theirs at any time.
    [Theory]
    [InlineData(60, 12)]
    [InlineData(4, 1)]
    public Task An_hour_of_4000_keys_costs_some_records(int minutes, int most) => EngineHost.RunAsync(async () =>
    {
        var shard = await FillAsync(4_000, 1_000);
        var (before, bytes) = (_records.Writes, 0L);
        for (var minute = 0; minute < 60; minute++)
        {
            await TouchAsync(shard, Enumerable.Range(0, 4_000).Where(i => i * minutes / 4_000 == minute));
            _clock.Advance(Minute);
            var writes = _records.Writes;
            if (minute % 5 == 4)
            {
                await shard.Engine.SaveTimesAsync();
                bytes += _records.Writes > writes ? (await _records.ReadAsync<TimesRecord>(Name)).Content!.Entries.Length : 0;
            }
        }

        output.WriteLine($"{_records.Writes - before} records, {bytes} bytes");
        Assert.Equal(most, _records.Writes - before);
        Assert.InRange(bytes, 4_000 * MovedTimes.EntryLength, 4_000L * MovedTimes.EntryLength * most);
    });

    [Fact]
    public void Times_are_rounded_down_and_of_one_name_the_later_counts()
    {
        var now = Samples.Now + TimeSpan.FromSeconds(30);
        var minutes = MovedTimes.MinutesOf(now);
        var times = new Dictionary<ValueName, DateTimeOffset>();
        var (one, two, three) = (new ValueName(7), new ValueName(8), new ValueName(9));
        var encoded = MovedTimes.Encode([(one, minutes - 3), (two, minutes), (one, minutes - 2), (three, minutes - 1_000_000)], minutes);
        Assert.True(MovedTimes.TryDecode(encoded, minutes, times));
        Assert.Equal(Samples.Now - (2 * Minute), times[one]);
        Assert.Equal(Samples.Now, times[two]);
        Assert.Equal(Samples.Now - (ushort.MaxValue * Minute), times[three]);
        Assert.NotEqual(MovedTimes.NameOf(Samples.Key(1), now), MovedTimes.NameOf(Samples.Key(1), now + TimeSpan.FromMilliseconds(1)));
        Assert.NotEqual(MovedTimes.NameOf(Samples.Key(1), now), MovedTimes.NameOf(Samples.Key(2), now));
    }

    private static readonly IEqualityComparer<IEnumerable<NodeId>> Unordered =
        EqualityComparer<IEnumerable<NodeId>>.Create((one, other) => one!.Order().SequenceEqual(other!.Order()), _ => 0);

    private static IEnumerable<NodeId> Keys(int first, int count) => Enumerable.Range(first, count).Select(Samples.Key);

    private List<NodeId> Due(EngineHost shard) => shard.Engine.FindDue(null, int.MaxValue, _clock.GetUtcNow());

    private StoredValue Held(string text) =>
        new(DhtValue.FromString(text), _clock.GetUtcNow(), Samples.Now + TimeSpan.FromDays(2), SourceNetwork.Trusted);

    private Task<EngineHost> ActivateAsync(MovedLog? moved = null) =>
        EngineHost.ActivateAsync(_records, moved: moved, clock: _clock, cache: new ValueCache(1 << 16));

    /// <summary>The next activation of what storage has now, which the present one does not meet.</summary>
    private Task<EngineHost> KillAsync() => EngineHost.ActivateAsync(_records.Copy(), clock: _clock, cache: new ValueCache(1 << 16));

    // All are due, as of three hours before.
    private async Task<EngineHost> FillAsync(int keys, int perRecord)
    {
        _records = new FakeRecords();
        var shard = await ActivateAsync();
        foreach (var some in Enumerable.Range(0, keys).Chunk(perRecord))
        {
            await ImportAsync(shard, [.. some.Select(i => (Samples.Key(i), Held("value") with { StoredAt = _clock.GetUtcNow() - (3 * Hour) }))]);
        }

        Assert.Equal(keys, Due(shard).Count);
        return shard;
    }

    private static async Task ImportAsync(EngineHost shard, (NodeId Key, StoredValue Value)[] values)
    {
        await shard.Engine.PutAsync(values, put => new Put(put.Key, put.Value, PutKind.Import), step: TimeSpan.Zero);
        await shard.Completion;
    }

    // As others that hold the same value do.
    private async Task TouchAsync(EngineHost shard, IEnumerable<int> keys)
    {
        foreach (var some in keys.Chunk(ShardEngine.MaxKeys))
        {
            var results = await shard.Engine.PutAsync(
                some, i => new Put(Samples.Key(i), Held("value"), PutKind.Copy), step: TimeSpan.Zero);
            Assert.All(results, result => Assert.Equal(StoreResult.Stored, result));
        }

        await shard.Completion;
    }
}
