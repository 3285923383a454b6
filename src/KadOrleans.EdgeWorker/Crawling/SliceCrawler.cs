using KadOrleans.Core.Crawling;
using KadOrleans.EdgeWorker.Edges;
using KadOrleans.Grains.Abstractions.Crawling;
using KadOrleans.Node;
using KadOrleans.Node.Crawling;
using Microsoft.Extensions.Logging;

namespace KadOrleans.EdgeWorker.Crawling;

/// <summary>
/// Crawls one slice at a time for the cluster's crawl grain. Being asked for the progress renews the lease. Without that it stops, as
/// another edge will get the slice.
/// </summary>
/// <param name="node">Crawls.</param>
/// <param name="environment">Time, randomness, logging.</param>
internal sealed class SliceCrawler(DhtNode node, NodeEnvironment environment) : IDisposable
{
    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<SliceCrawler>();

    // Guards _current and _isOver.
    private readonly Lock _gate = new();
    private Slice? _current;
    private bool _isOver;

    /// <summary>Begins a slice, or tells the progress of the one under this lease. A slice under another lease ends.</summary>
    /// <param name="order">The slice.</param>
    /// <exception cref="InvalidOperationException">The slice failed; asked again, it begins anew. Or the node stops.</exception>
    public CrawlSliceProgress Crawl(CrawlSliceOrder order)
    {
        ArgumentNullException.ThrowIfNull(order);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isOver, this);
            if (_current?.Order.Lease != order.Lease)
            {
                _current?.Dispose();
                _current = new Slice(order, environment.Time, Drop);
                _current.Running = RunAsync(_current);
            }

            _current.Renew();
            if (_current.Failure is { } failure)
            {
                _current.Dispose();
                _current = null;
                throw new InvalidOperationException($"The slice {order.Lease} failed: {failure}");
            }

            return _current.Progress;
        }
    }

    /// <summary>A page of a slice that is done; null if there is none.</summary>
    public byte[]? ReadPage(string lease, int page)
    {
        lock (_gate)
        {
            return _current is { Pages: { } pages } current && current.Order.Lease == lease && page >= 0 && page < pages.Count ? pages[page] : null;
        }
    }

    /// <summary>Ends a slice and forgets what it found.</summary>
    public void End(string lease)
    {
        lock (_gate)
        {
            if (_current?.Order.Lease == lease)
            {
                _current.Dispose();
                _current = null;
            }
        }
    }

    /// <summary>Ends the slice that there is, and takes no other. Call it while the node can still send.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            _current?.Dispose();
            _current = null;
        }
    }

    private void Drop(Slice slice)
    {
        _logger.SliceDropped(slice.Order.Lease);
        End(slice.Order.Lease);
    }

    private async Task RunAsync(Slice slice)
    {
        await Task.Yield();
        try
        {
            var options = new CrawlOptions { MaxNodes = slice.Order.MaxNodes, Region = slice.Order.Region };
            var run = await RegionCrawl.PrepareAsync(node, options, slice.Order.Rate, environment, slice.Stopping);
            slice.Run = run;
            if (await run.RunAsync(slice.Stopping))
            {
                slice.End([.. run.Read(crawl => crawl.Records.ToList()).Chunk(CrawlPage.MaxRecords).Select(CrawlPage.Encode)]);
            }
        }
        catch (OperationCanceledException) when (slice.Stopping.IsCancellationRequested)
        {
            // Nobody asks for it any more.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            slice.Fail(e.Message);
        }
    }

    /// <summary>A slice under a lease.</summary>
    private sealed class Slice : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly ITimer _deadline;
        private volatile CrawlRun? _run;
        private volatile IReadOnlyList<byte[]>? _pages;
        private volatile string? _failure;

        public Slice(CrawlSliceOrder order, TimeProvider time, Action<Slice> drop)
        {
            (Order, Stopping) = (order, _stop.Token);
            _deadline = time.CreateTimer(_ => drop(this), null, order.Duration, Timeout.InfiniteTimeSpan);
        }

        public CrawlSliceOrder Order { get; }

        public CancellationToken Stopping { get; }

        public Task Running { get; set; } = Task.CompletedTask;

        public CrawlRun? Run
        {
            get => _run;
            set => _run = value;
        }

        public IReadOnlyList<byte[]>? Pages => _pages;

        public string? Failure => _failure;

        public CrawlSliceProgress Progress =>
            CrawlSliceProgress.Of(Pages?.Count, Run?.Sent ?? 0, Run?.Read(crawl => crawl.Counts) ?? default);

        public void Renew() => _deadline.Change(Order.Duration, Timeout.InfiniteTimeSpan);

        public void End(IReadOnlyList<byte[]> pages) => _pages = pages;

        public void Fail(string failure) => _failure = failure;

        public void Dispose()
        {
            _deadline.Dispose();
            _stop.Cancel();
            _stop.Dispose();
        }
    }
}
