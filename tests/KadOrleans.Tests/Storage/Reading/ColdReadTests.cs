using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Storage;

/// <summary>Values that memory does not have.</summary>
public sealed class ColdReadTests : SqliteTests
{
    private static readonly StorageOptions Cold = new(StoreQuota.Unlimited) { CacheBytes = 0 };

    private static readonly StorageOptions Cool = Cold with { CacheBytes = 1_000 };

    [Fact]
    public async Task A_disk_that_does_not_answer_delays_no_answer_that_memory_has_and_a_crowd_is_refused_at_once()
    {
        const int Keys = ColdReads.Capacity + 1_000;
        await StoreAsync(0, Keys, StoredValues.Alice);
        await using var database = Open(Cool);
        await database.Store.PutAsync(StoredValues.Key(-1), StoredValues.Text("in the cache"));

        using var answers = new ManualResetEventSlim();
        database.Reads.Delay = answers.Wait;
        var reads = Enumerable.Range(0, Keys).Select(i => database.Store.GetAsync(StoredValues.Key(i), StoredValues.Now).AsTask()).ToList();

        Assert.True(database.Store.GetAsync(StoredValues.Key(-1), StoredValues.Now).AsTask().IsCompletedSuccessfully);
        Assert.True(database.Store.GetAsync(StoredValues.Key(-2), StoredValues.Now).AsTask().IsCompletedSuccessfully);
        Assert.Equal(StoreResult.Stored, await database.Store.PutAsync(StoredValues.Key(-3), StoredValues.Text("more")));
        var refused = reads.Where(read => read.IsFaulted).ToList();
        Assert.NotEmpty(refused);
        Assert.All(refused, read => Assert.Contains("is read too slowly", Assert.IsType<KeyStoreException>(read.Exception!.InnerException).Message, StringComparison.Ordinal));

        answers.Set();
        Assert.All(await Task.WhenAll(reads.Except(refused)), Assert.NotNull);
    }

    [Fact]
    public async Task Who_awaits_a_value_and_then_blocks_holds_up_no_other_read()
    {
        await StoreAsync(0, 100, StoredValues.Alice);
        await using var database = Open(Cold);
        using var answers = new ManualResetEventSlim();
        using var unblocked = new ManualResetEventSlim();
        database.Reads.Delay = answers.Wait;

        // More than there are reading threads.
        var blocking = Enumerable.Range(0, 4).Select(BlockAsync).ToList();
        answers.Set();
        try
        {
            var others = Enumerable.Range(10, 20).Select(key => database.Store.GetAsync(StoredValues.Key(key), StoredValues.Now).AsTask());
            Assert.All(await Task.WhenAll(others).WaitAsync(TimeSpan.FromSeconds(30)), Assert.NotNull);
        }
        finally
        {
            unblocked.Set();
        }

        await Task.WhenAll(blocking);

        async Task BlockAsync(int key)
        {
            await database.Store.GetAsync(StoredValues.Key(key), StoredValues.Now).ConfigureAwait(false);
            unblocked.Wait();
        }
    }

    [Fact]
    public async Task A_read_between_a_commit_and_its_changes_in_memory_finds_what_the_commit_moved_or_replaced()
    {
        const int Keys = 100;
        await using var database = Open(Cold with { SegmentBytes = 1_024, SlackBytes = 4_096 });
        var reads = new ConcurrentQueue<(byte Before, Task<StoredValue?> Read)>();
        var held = new byte[Keys];
        byte round = 0;
        await Task.WhenAll(Enumerable.Range(0, Keys).Select(PutAsync));

        database.Writer.Delay = () =>
        {
            if (reads.Count(one => !one.Read.IsCompleted) > ColdReads.Capacity - Keys)
            {
                return;
            }

            var some = Enumerable.Range(0, Keys)
                .Select(key => (held[key], Read: database.Store.GetAsync(StoredValues.Key(key), StoredValues.Now).AsTask())).ToList();
            some.ForEach(reads.Enqueue);
            SpinWait.SpinUntil(() => some.TrueForAll(one => one.Read.IsCompleted), TimeSpan.FromMilliseconds(20));
        };
        var random = new Random(1);
        for (round = 1; round <= 50; round++)
        {
            var changed = Enumerable.Range(0, Keys).Where(_ => random.Next(3) == 0).ToList();
            await Task.WhenAll(changed.Select(PutAsync));
            changed.ForEach(key => held[key] = round);
        }

        foreach (var (before, read) in reads)
        {
            Assert.InRange((await read)!.Value.AsBytes().Span[0], before, round);
        }

        Assert.True(database.Segments.Oldest!.Number > 1);
        database.Writer.Delay = null;

        Task<StoreResult> PutAsync(int key) =>
            database.Store.PutAsync(StoredValues.Key(key), StoredValues.Of(DhtValue.FromBytes([round, .. new byte[100]]))).AsTask();
    }

    [Fact]
    public async Task Reads_without_a_pause_do_not_let_the_write_ahead_log_grow()
    {
        const int Limit = 1 << 20;
        await using var database = Open(Cool with { MaxWriteAheadBytes = Limit });
        var isWriting = true;
        await database.Store.PutAsync(StoredValues.Key(0), StoredValues.Sized(8_000));
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (Volatile.Read(ref isWriting))
            {
                Assert.NotNull(await database.Store.GetAsync(StoredValues.Key(0), StoredValues.Now));
            }
        })).ToList();

        for (var round = 0; round < 50; round++)
        {
            await Task.WhenAll(Enumerable.Range(1, 40).Select(i => database.Store.PutAsync(
                StoredValues.Key(i), StoredValues.Of(DhtValue.FromBytes([.. BitConverter.GetBytes(round), .. new byte[8_000]]))).AsTask()));
            Assert.InRange(new FileInfo(Folder.LogPath).Length, 0, 4 * Limit);
        }

        Volatile.Write(ref isWriting, false);
        await Task.WhenAll(readers);
    }

    [Fact]
    public async Task Damage_found_by_a_read_costs_what_it_damaged_and_is_replaced()
    {
        await StoreAsync(0, 100, StoredValues.Alice);
        int left;
        await using (var database = Open(Cold))
        {
            await database.Store.PutAsync(StoredValues.Key(0), StoredValues.Text("newer"));
            await database.ExecuteAsync(FlipLast);
            Assert.Null(await database.Store.GetAsync(StoredValues.Key(0), StoredValues.Now));
            await database.FlushAsync();
            left = (int)database.Keys;
            Assert.InRange(left, 60, 99);
            Assert.Equal(left, (await database.ReadAllAsync()).Count);
        }

        // An older value of the key does not come back.
        await using var again = Open();
        Assert.Null(again.Damage);
        Assert.Equal(left, again.Keys);
        Assert.Null(await again.GetAsync(StoredValues.Key(0)));
    }

    [Fact]
    public async Task A_file_with_large_segments_keeps_every_value()
    {
        const int Keys = 5_000;
        Dictionary<NodeId, StoredValue> before;

        // Written with another SegmentBytes.
        await using (var database = Open(Cool with { SegmentBytes = 128 * 1024 }))
        {
            await database.PutBatchAsync(Enumerable.Range(0, Keys).Select(i => KeyValuePair.Create(StoredValues.Key(i), StoredValues.Sized(64))));
            Assert.InRange(database.Segments.All.Count(), 2, 20);
            before = await database.ReadAllAsync();
            Assert.Equal(Keys, before.Count);
        }

        await using (var database = Open(Cool))
        {
            Assert.Equal(before, await database.ReadAllAsync());
        }

        await using var again = Open(Cool with { RefusesDamage = true });
        Assert.Equal(before, await again.ReadAllAsync());
    }

    [Fact]
    public async Task Without_connections_for_reading_the_writer_reads()
    {
        await StoreAsync(0, 100, StoredValues.Alice);
        await using var database = Open(Cold with { Readers = 0 });
        Assert.Equal(100, (await database.ReadAllAsync()).Count);
        Assert.NotNull(await database.GetAsync(StoredValues.Key(7)));
        Assert.Null(await database.GetAsync(StoredValues.Key(1_000)));
    }

    [Fact]
    public async Task Index_and_segments_take_at_most_68_bytes_a_key()
    {
        // Of an object with nine numbers, a mark, two references and its header, and of the reference to it.
        const int SegmentBytes = 88;
        const int Keys = 50_000;
        await StoreAsync(0, Keys, StoredValues.Alice);
        await using var database = Open(Cool);
        Assert.InRange(database.Values.Shard.IndexBytes + (database.Segments.All.Count() * SegmentBytes), Keys * 62, Keys * 68);
    }

    [Fact]
    public async Task A_file_whose_index_does_not_fit_into_memory_is_refused_with_what_it_needs()
    {
        await StoreAsync(0, 10_000, StoredValues.Alice);
        var refusal = Assert.Throws<KeyStoreException>(() => Open(Cold with { CacheBytes = 100_000, MemoryBytes = 500_000 }));
        Assert.Contains("and this process may use 500000; give it ", refusal.Message, StringComparison.Ordinal);
        await using var again = Open(Cool);
        Assert.Equal(10_000, again.Keys);
    }
}
