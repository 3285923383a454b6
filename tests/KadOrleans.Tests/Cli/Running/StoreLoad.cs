using System.Collections.Concurrent;

namespace KadOrleans.Tests.Cli;

/// <summary>Sends STOREs to a node, as fast as it answers, and remembers which it said it had stored.</summary>
internal sealed class StoreLoad(string node) : IAsyncDisposable
{
    // Requests under way at once: enough to share transactions, few enough to lose none to full buffers.
    private const int Window = 64;

    private readonly UdpAsker _asker = new(IPEndPoint.Parse(node), source: 1);
    private readonly SeededRandomSource _random = new(20_261_120);
    private readonly ConcurrentDictionary<NodeId, byte> _acknowledged = new();
    private readonly TaskCompletionSource _enough = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ICollection<NodeId> Acknowledged => _acknowledged.Keys;

    /// <summary>What is stored under a key.</summary>
    public static string ValueOf(NodeId key) => $"value of {key}";

    /// <summary>Sends until it is cancelled; <see cref="EnoughAsync"/> completes when <paramref name="count"/> are acknowledged.</summary>
    public Task RunAsync(int count, CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, Window).Select(_ => SendAsync(count, cancellationToken)));

    public Task EnoughAsync() => _enough.Task.WaitAsync(TimeSpan.FromSeconds(60));

    public ValueTask DisposeAsync() => _asker.DisposeAsync();

    private async Task SendAsync(int count, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var key = NodeId.Random(_random);
            try
            {
                if (await _asker.StoreAsync(key, ValueOf(key)).WaitAsync(cancellationToken))
                {
                    _acknowledged.TryAdd(key, 0);
                }
            }
            catch (OperationCanceledException)
            {
                // The node is gone.
                return;
            }

            if (_acknowledged.Count >= count)
            {
                _enough.TrySetResult();
            }
        }
    }
}
