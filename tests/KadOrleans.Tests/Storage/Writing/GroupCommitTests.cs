using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Storage;

public sealed class GroupCommitTests : SqliteTests
{
    [Fact]
    public async Task Everything_that_gathered_during_a_commit_shares_the_next()
    {
        await using var database = Open();
        var states = database.States;
        await database.Store.PutAsync(StoredValues.Key(0), StoredValues.Text("first"));
        var before = database.Writer.Commits;

        var gate = await WriterGate.CloseAsync(database);
        var puts = Enumerable.Range(0, 100).Select(i => database.Store.PutAsync(StoredValues.Key(i), StoredValues.Sized(i)).AsTask()).ToList();
        var save = states.SaveAsync(NodeStates.WithContacts).AsTask();
        gate.Dispose();
        await Task.WhenAll(puts);
        await save;

        Assert.Equal(before + 1, database.Writer.Commits);
    }

    [Fact]
    public async Task A_put_is_neither_seen_nor_acknowledged_before_its_commit_and_cancelling_ends_the_wait()
    {
        await using var database = Open();
        var gate = await WriterGate.CloseAsync(database);
        var put = database.Store.PutAsync(StoredValues.Key(1), StoredValues.Text("pending"));
        using var cancellation = new CancellationTokenSource();
        var impatient = database.Store.PutAsync(StoredValues.Key(2), StoredValues.Text("impatient"), PutKind.Publication, cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        Assert.False(put.IsCompleted);
        Assert.Null(await database.Store.GetAsync(StoredValues.Key(1), StoredValues.Now));
        gate.Dispose();

        Assert.Equal(StoreResult.Stored, await put);
        Assert.NotNull(await database.Store.GetAsync(StoredValues.Key(1), StoredValues.Now));
    }

    [Fact]
    public async Task Puts_that_the_quota_refuses_take_no_commit_and_no_more_than_half_of_the_queue()
    {
        await using var database = Open(new(StoreQuota.Unlimited with { TotalKeys = 1 }));
        await database.Store.PutAsync(StoredValues.Key(1), StoredValues.Text("only"));
        var before = database.Writer.Commits;

        var gate = await WriterGate.CloseAsync(database);
        var queued = Enumerable.Range(0, (SegmentWriter.QueueCapacity / 2) + 1)
            .Select(_ => database.Store.PutAsync(StoredValues.Key(2), StoredValues.Text("more")).AsTask()).ToList();
        var refused = database.Store.PutAsync(StoredValues.Key(2), StoredValues.Text("more"));
        Assert.All(queued, put => Assert.False(put.IsCompleted));
        Assert.True(refused.IsCompleted);
        Assert.Equal(StoreResult.TotalQuotaExceeded, await refused);
        gate.Dispose();

        Assert.All(await Task.WhenAll(queued), result => Assert.Equal(StoreResult.TotalQuotaExceeded, result));
        Assert.Equal(before, database.Writer.Commits);
    }

    [Fact]
    public async Task A_put_fails_at_once_when_the_queue_is_full()
    {
        await using var database = Open();
        var gate = await WriterGate.CloseAsync(database);
        var queued = Enumerable.Range(0, SegmentWriter.QueueCapacity)
            .Select(i => database.Store.PutAsync(StoredValues.Key(i), StoredValues.Sized(1)).AsTask()).ToList();
        var refused = database.Store.PutAsync(StoredValues.Key(-1), StoredValues.Sized(1));
        Assert.True(refused.IsCompleted);
        Assert.Equal(StoreResult.Busy, await refused);
        gate.Dispose();

        Assert.All(await Task.WhenAll(queued), result => Assert.Equal(StoreResult.Stored, result));
        Assert.Null(await database.Store.GetAsync(StoredValues.Key(-1), StoredValues.Now));
        Assert.Equal(StoreResult.Stored, await database.Store.PutAsync(StoredValues.Key(-1), StoredValues.Sized(1)));
    }

    [Fact]
    public async Task The_puts_of_a_batch_are_acknowledged_one_after_another_on_one_thread_that_is_not_the_writers()
    {
        await using var database = Open();
        using var written = new ManualResetEventSlim();
        var acknowledging = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var order = new List<int>();
        var threads = new HashSet<int>();

        var gate = await WriterGate.CloseAsync(database);
        var puts = Enumerable.Range(0, 100).Select(PutAsync).ToList();
        gate.Dispose();
        await acknowledging.Task;

        // The first of them holds the others up until a later commit is through.
        await database.States.SaveAsync(NodeStates.WithContacts);
        written.Set();

        await Task.WhenAll(puts);
        Assert.Equal(Enumerable.Range(0, 100), order);
        Assert.Single(threads);

        async Task PutAsync(int number)
        {
            await database.Store.PutAsync(StoredValues.Key(number), StoredValues.Sized(number)).ConfigureAwait(false);
            acknowledging.TrySetResult();
            written.Wait();
            order.Add(number);
            threads.Add(Environment.CurrentManagedThreadId);
        }
    }
}
