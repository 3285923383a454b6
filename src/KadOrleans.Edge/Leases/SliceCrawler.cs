namespace KadOrleans.Edge;

/// <summary>Crawls one slice at a time. It stops when no silo asks for its progress: another edge may then get the slice.</summary>
internal sealed class SliceCrawler(DhtNode node, NodeEnvironment environment) : IDisposable
{
    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<SliceCrawler>();

    // Guards _current and _isOver.
    private readonly Lock _gate = new();
    private Slice? _current;
    private bool _isOver;

    /// <summary>Begins a slice, or tells its progress. A failed one throws, and begins anew if asked again.</summary>
    public CrawlSliceProgress Crawl(CrawlSliceOrder order)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isOver, this);
            if (_current?.Order.Lease != order.Lease)
            {
                EndCurrent();
                var run = node.PrepareCrawl(new CrawlOptions { MaxNodes = order.MaxNodes, Region = order.Region }, order.Rate);
                _current = new Slice(order, run, environment.Time, Drop);
            }

            _current.Renew();
            if (_current.Pages.Exception is { } failure)
            {
                EndCurrent();
                throw new InvalidOperationException($"The slice {order.Lease} failed: {failure.InnerException!.Message}");
            }

            return CrawlSliceProgress.Of(_current.Found?.Count, _current.Run.Sent, _current.Run.Counts);
        }
    }

    public byte[]? ReadPage(string lease, int page)
    {
        lock (_gate)
        {
            return _current is { Found: { } pages } current && current.Order.Lease == lease && page >= 0 && page < pages.Count ? pages[page] : null;
        }
    }

    public void End(string lease)
    {
        lock (_gate)
        {
            if (_current?.Order.Lease == lease)
            {
                EndCurrent();
            }
        }
    }

    /// <summary>Ends the slice that there is, and takes no other. Call it while the node can still send.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            EndCurrent();
        }
    }

    private void Drop(string lease)
    {
        _logger.SliceDropped(lease);
        End(lease);
    }

    private void EndCurrent()
    {
        _current?.Dispose();
        _current = null;
    }

    private sealed class Slice : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly ITimer _deadline;

        public Slice(CrawlSliceOrder order, CrawlRun run, TimeProvider time, Action<string> drop)
        {
            (Order, Run) = (order, run);
            _deadline = time.CreateTimer(_ => drop(order.Lease), null, order.Duration, Timeout.InfiniteTimeSpan);
            Pages = RunAsync(_stop.Token);
        }

        public CrawlSliceOrder Order { get; }

        public CrawlRun Run { get; }

        /// <summary>What is found, when the crawl is done; null if it was stopped.</summary>
        public Task<IReadOnlyList<byte[]>?> Pages { get; }

        public IReadOnlyList<byte[]>? Found => Pages.IsCompletedSuccessfully ? Pages.Result : null;

        public void Renew() => _deadline.Change(Order.Duration, Timeout.InfiniteTimeSpan);

        public void Dispose()
        {
            _deadline.Dispose();
            _stop.Cancel();
            _stop.Dispose();
        }

        private async Task<IReadOnlyList<byte[]>?> RunAsync(CancellationToken stopping)
        {
            await Task.Yield();
            return await Run.RunAsync(stopping) ? [.. CrawlPage.EncodeAll(Run.Records)] : null;
        }
    }
}
