using KadOrleans.GrainStorage.Sqlite;
using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Holds the writer between two batches, so that a test decides what the next one consists of.</summary>
internal sealed class WriterGate : DatabaseOperation<GrainStatements>, IDisposable
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _open = new();

    private WriterGate()
    {
    }

    public override bool IsWrite => false;

    /// <summary>Stops the writer; disposal lets it go on.</summary>
    public static async Task<WriterGate> CloseAsync(GrainDatabase database)
    {
        var gate = new WriterGate();
        Assert.True(database.TryEnqueue(gate));
        await gate._reached.Task;
        return gate;
    }

    public override void Run(GrainStatements context)
    {
        _reached.SetResult();
        _open.Wait();
    }

    public override void Complete()
    {
    }

    public override void Fail(Exception cause) => _reached.TrySetException(cause);

    public void Dispose() => _open.Set();
}
