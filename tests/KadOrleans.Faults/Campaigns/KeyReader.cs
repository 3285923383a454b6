using KadOrleans.Faults.Calls;

namespace KadOrleans.Faults.Campaigns;

/// <summary>Reads the written keys through one edge, one after another, and counts what is older than was acknowledged when it asked.</summary>
internal sealed class KeyReader(IReadOnlyList<KeyWriter> writers, EdgeCalls edge, Random random, CancellationToken stop)
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private int _stale;

    /// <summary>Answers with a version older than the last acknowledged one.</summary>
    public int Stale => Volatile.Read(ref _stale);

    /// <summary>Reads until the campaign ends.</summary>
    public async Task RunAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            var writer = writers[random.Next(writers.Count)];
            var acknowledged = writer.History.LastAcknowledged;
            try
            {
                var value = await edge.FindValueAsync(writer.Id).WaitAsync(Wait, stop);
                if (KeyVersion.Read(writer.History.Key, value) < acknowledged)
                {
                    Interlocked.Increment(ref _stale);
                }

                await Task.Delay(Pause, stop);
            }
            catch (Exception e) when (e is TimeoutException or OperationCanceledException)
            {
                // No answer, or the campaign ended.
            }
        }
    }
}
