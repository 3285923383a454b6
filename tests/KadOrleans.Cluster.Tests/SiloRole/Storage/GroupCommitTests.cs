using System.Buffers.Binary;
using KadOrleans.GrainStorage.Sqlite;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Writes that are committed together. The suite Storage has what a node's writer shares with this one.</summary>
public sealed class GroupCommitTests : IAsyncLifetime
{
    private readonly SqliteFolder _folder = new();
    private readonly WriterGate _gate = new();
    private SqliteGrainStorage _storage = null!;

    public async ValueTask InitializeAsync()
    {
        await _folder.Open().DisposeAsync();
        _folder.Alter(
            "CREATE TRIGGER refuse BEFORE INSERT ON grain_state WHEN NEW.grain_id LIKE 'refused/%' BEGIN SELECT RAISE(ABORT, 'refused'); END");
        _storage = _folder.Open(logger: _gate);
    }

    [Fact]
    public async Task Writes_of_many_grains_that_arrive_together_share_one_transaction()
    {
        var results = await WriteTogetherAsync([.. Enumerable.Range(0, 200).Select(_ => Samples.Grain())]);

        Assert.All(results, Assert.Null);
        Assert.Equal(1, CountCommits());
        await _storage.WriteAsync(Samples.Grain(), "alone");
        Assert.Equal(2, CountCommits());
    }

    [Fact]
    public async Task A_conflict_fails_its_own_write_alone()
    {
        var grains = Enumerable.Range(0, 5).Select(_ => Samples.Grain()).ToArray();
        await _storage.WriteAsync(grains[2], "there before");

        var results = await WriteTogetherAsync(grains);

        Assert.Equal([false, false, true, false, false], results.Select(r => r is InconsistentStateException));
        Assert.Equal([true, true, false, true, true], results.Select(r => r is null));
        Assert.Equal("there before", (await _storage.ReadAsync(grains[2])).State!.Text);
        Assert.Equal("together", (await _storage.ReadAsync(grains[3])).State!.Text);
    }

    [Fact]
    public async Task A_statement_that_fails_fails_its_own_write_alone()
    {
        GrainId[] grains = [Samples.Grain(), RefusedGrain(), Samples.Grain(), Samples.Grain(), Samples.Grain()];

        var results = await WriteTogetherAsync(grains);

        Assert.Equal([false, true, false, false, false], results.Select(r => r is GrainDatabaseException));
        Assert.Equal([true, false, true, true, true], results.Select(r => r is null));
        Assert.False((await _storage.ReadAsync(grains[1])).RecordExists);
        Assert.Equal("together", (await _storage.ReadAsync(grains[4])).State!.Text);
        Assert.Equal(1, CountCommits());
    }

    [Fact]
    public async Task A_read_sees_no_write_of_its_own_batch()
    {
        var grain = Samples.Grain();
        var refused = await CloseGateAsync();
        var write = _storage.WriteAsync(grain, "on its way");
        var read = _storage.ReadAsync(grain);
        _gate.Dispose();

        Assert.False((await read).RecordExists);
        await write;
        Assert.True((await _storage.ReadAsync(grain)).RecordExists);
        await Assert.ThrowsAsync<GrainDatabaseException>(() => refused);
    }

    public async ValueTask DisposeAsync()
    {
        _gate.Dispose();
        await _storage.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>The outcome of each first write, null if it was acknowledged; all are in one batch.</summary>
    private async Task<Exception?[]> WriteTogetherAsync(GrainId[] grains)
    {
        var refused = await CloseGateAsync();
        var writes = grains.Select(grain =>
        {
            var state = Samples.State("together");
            state.State!.Bytes = new byte[5000];
            return Record.ExceptionAsync(() => _storage.WriteStateAsync(Samples.Name, grain, state)).AsTask();
        }).ToList();
        _gate.Dispose();
        await Assert.ThrowsAsync<GrainDatabaseException>(() => refused);
        return await Task.WhenAll(writes);
    }

    private async Task<Task> CloseGateAsync()
    {
        var refused = _storage.WriteAsync(RefusedGrain(), "stops the writer");
        await _gate.CloseAsync(refused);
        return refused;
    }

    private static GrainId RefusedGrain() => GrainId.Create("refused", Guid.NewGuid().ToString("N"));

    /// <summary>
    /// The commits with changes in the log (SQLite's file format, section 4): the frame of a commit's last page has the size of the
    /// database. The log's header and each frame of it have the same salt.
    /// </summary>
    private int CountCommits()
    {
        using var file = new FileStream(_folder.DatabasePath + "-wal", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var log = new byte[file.Length];
        file.ReadExactly(log);
        var frame = 24 + BinaryPrimitives.ReadInt32BigEndian(log.AsSpan(8));
        return Enumerable.Range(0, (log.Length - 32) / frame).Count(i =>
            BinaryPrimitives.ReadInt32BigEndian(log.AsSpan(32 + (i * frame) + 4)) != 0
            && log.AsSpan(32 + (i * frame) + 8, 8).SequenceEqual(log.AsSpan(16, 8)));
    }
}
