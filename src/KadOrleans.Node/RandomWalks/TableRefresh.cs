using System.Diagnostics.CodeAnalysis;
using KadOrleans.Core.Maintenance;
using KadOrleans.Node.Diagnostics;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.RandomWalks;

/// <summary>Refreshes a routing table by random walks, when that is due or requested. Refreshes run one after the other.</summary>
/// <param name="node">Whose table it keeps.</param>
/// <param name="walk">Walks.</param>
/// <param name="options">How often; validated by the caller.</param>
/// <param name="environment">Time, randomness and logging.</param>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose handle nobody asks for has nothing to dispose of.")]
internal sealed class TableRefresh(DhtNode node, RandomWalk walk, RandomWalkOptions options, NodeEnvironment environment)
{
    private readonly RandomWalkPolicy _policy = new(options.Interval, options.MinTableSize);
    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<TableRefresh>();
    private readonly SemaphoreSlim _turn = new(1, 1);

    // Written by the holder of the turn. Null before the first refresh.
    private long? _lastBegunAt;
    private double _earliness;

    // The number of consecutive checks after which the table was small or the refresh had failed.
    private int _fruitless;

    /// <summary>Raised after each completed refresh. Handlers must not throw.</summary>
    public event Action? Done;

    /// <summary>Refreshes if <paramref name="force"/> or if it is due. Returns whether it did.</summary>
    /// <exception cref="RandomWalkException">Every walk failed; a refresh stays due.</exception>
    /// <exception cref="RoutingTableRefreshException">Something else failed, with the same effect.</exception>
    public Task<bool> RunAsync(bool force, CancellationToken cancellationToken) => RunAsync(force, isCheck: false, cancellationToken);

    /// <summary>Refreshes if it is due, and returns the time until the next check. A failure is logged and retried.</summary>
    public async Task<TimeSpan> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RunAsync(force: false, isCheck: true, cancellationToken);
            var size = node.RoutingTable.Count;
            _fruitless = _policy.IsSmall(size) ? _fruitless + 1 : 0;
            return _policy.GetPause(size, _fruitless);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _logger.TableNotRefreshed(e);
            return _policy.GetPause(options.MinTableSize, ++_fruitless);
        }
    }

    private async Task<bool> RunAsync(bool force, bool isCheck, CancellationToken cancellationToken)
    {
        try
        {
            if (!await TakeTurnAsync(force, isCheck, cancellationToken))
            {
                return false;
            }
        }
        catch (Exception e) when (e is not RoutingTableRefreshException
            && (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested))
        {
            throw new RoutingTableRefreshException($"The routing table could not be refreshed: {e.Message}", e);
        }

        Done?.Invoke();
        return true;
    }

    private async Task<bool> TakeTurnAsync(bool force, bool isCheck, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var size = node.RoutingTable.Count;
            TimeSpan? sinceLast = _lastBegunAt is { } last ? environment.Time.GetElapsedTime(last) : null;
            if (!force && !_policy.IsDue(size, sinceLast, isCheck ? _earliness : 0))
            {
                return false;
            }

            var begunAt = environment.Time.GetTimestamp();
            var found = await walk.RunConcurrentRandomWalksAsync(options.Count, size, cancellationToken);
            (_lastBegunAt, _earliness) = (begunAt, NextFraction());
            _logger.TableRefreshed(options.Count, found.Count, node.RoutingTable.Count);
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

    private double NextFraction()
    {
        Span<byte> random = stackalloc byte[1];
        environment.Random.Fill(random);
        return random[0] / 255.0;
    }
}
