using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.EdgeWorker.Diagnostics;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Routing;
using Microsoft.Extensions.Logging;

namespace KadOrleans.EdgeWorker.Routing;

/// <summary>Sends the observations of a queue in batches. Retries each batch until the table takes or refuses it.</summary>
internal sealed class ObservationSender(
    NodeId nodeId,
    Func<IReadOnlyList<ContactObservation>, ValueTask<TableAnswer>> report,
    ObservationQueue queue,
    ClusterRoutingTableOptions options,
    TimeProvider time,
    ILogger logger)
{
    private long _calls;
    private long _sent;

    public long Calls => Interlocked.Read(ref _calls);

    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Waits until an observation is queued. Returns false after the timeout; null means none.</summary>
    public async Task<bool> AnyAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        try
        {
            await queue.Any.WaitAsync(timeout ?? Timeout.InfiniteTimeSpan, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Sends the next batch and returns the response. Returns null if the batch was dropped.</summary>
    public async Task<TableAnswer?> SendNextAsync(CancellationToken cancellationToken)
    {
        await queue.Any.WaitAsync(cancellationToken);
        await Task.WhenAny(queue.Full, Task.Delay(options.BatchInterval, time, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        return await SendAsync(queue.Take(), cancellationToken);
    }

    private async Task<TableAnswer?> SendAsync(IReadOnlyList<ContactObservation> batch, CancellationToken cancellationToken)
    {
        BackOff? pauses = null;
        while (true)
        {
            try
            {
                var answer = await CallAsync(batch, cancellationToken);
                if (pauses is not null)
                {
                    logger.TableReachable(nodeId);
                }

                return answer;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (e is ArgumentException)
                {
                    // The table refuses its content, and would refuse it again. Other failures may pass.
                    queue.CountDropped(batch.Count);
                    logger.ObservationsRefused(e, nodeId, batch.Count);
                    return null;
                }

                if (pauses is null)
                {
                    logger.TableUnreachable(e, nodeId);
                }
            }

            pauses ??= new BackOff(options.FirstBackOff, options.LongestBackOff);
            await Task.Delay(pauses.Next(), time, cancellationToken);
        }
    }

    private async Task<TableAnswer> CallAsync(IReadOnlyList<ContactObservation> batch, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        EdgeMetrics.TableCalls.Add(1);
        var answer = await report(batch).AsTask().WaitAsync(cancellationToken);
        if (!answer.IsFenced)
        {
            Interlocked.Add(ref _sent, batch.Count);
            EdgeMetrics.ObservationsSent.Add(batch.Count);
        }

        return answer;
    }
}

/// <summary>
/// Tells when a snapshot stays behind the version in the table's responses, as pushes may get lost. Not safe for several threads.
/// </summary>
internal sealed class SnapshotLag(TimeSpan timeout, TimeProvider time)
{
    private long _expected;
    private long _since;

    /// <summary>Takes the version of the table's response. Returns whether to ask for the snapshot.</summary>
    public bool IsBehind(long answered, long held)
    {
        if (held >= _expected)
        {
            (_expected, _since) = (answered, time.GetTimestamp());
            return false;
        }

        return time.GetElapsedTime(_since) >= timeout;
    }

    /// <summary>The time until the snapshot is to be asked for. Null if it is not behind.</summary>
    public TimeSpan? Left(long held)
    {
        if (held >= _expected)
        {
            return null;
        }

        var left = timeout - time.GetElapsedTime(_since);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>Notes that the snapshot was asked for, and starts the timeout again.</summary>
    public void Asked() => _since = time.GetTimestamp();
}
