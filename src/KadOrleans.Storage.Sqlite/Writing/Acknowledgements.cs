namespace KadOrleans.Storage.Sqlite.Writing;

/// <summary>
/// The puts of one batch, acknowledged one after another on a thread of the pool: the writer goes on with the next batch,
/// and no put takes a hop of its own. Whoever waited goes on there, so it must not block.
/// </summary>
internal sealed class Acknowledgements(PutWrite[] puts) : IThreadPoolWorkItem
{
    /// <summary>Leaves the puts of a batch that is over to the pool.</summary>
    public static void Send(List<Write> batch)
    {
        var puts = batch.OfType<PutWrite>().ToArray();
        if (puts.Length > 0)
        {
            // Where the writer has nothing more to do, its thread goes on with them at once.
            ThreadPool.UnsafeQueueUserWorkItem(new Acknowledgements(puts), preferLocal: true);
        }
    }

    public void Execute()
    {
        foreach (var put in puts)
        {
            put.Acknowledge();
        }
    }
}
