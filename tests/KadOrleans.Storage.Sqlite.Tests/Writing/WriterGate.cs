using KadOrleans.SqliteFiles;
using KadOrleans.Storage.Sqlite.Writing;

namespace KadOrleans.Storage.Sqlite.Tests.Writing;

/// <summary>
/// Holds the writer between two batches, so that a test decides what the next one consists of, and lends it the
/// connection meanwhile.
/// </summary>
internal sealed class WriterGate : DatabaseOperation<BatchWriter>, IDisposable
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _open = new();

    private WriterGate()
    {
    }

    /// <summary>Stops the writer; disposal lets it go on.</summary>
    public static async Task<WriterGate> CloseAsync(SqliteDatabase database)
    {
        var gate = new WriterGate();
        Assert.True(database.Writer.TryEnqueue(gate));
        await gate._reached.Task;
        return gate;
    }

    public override void Run(BatchWriter context)
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
