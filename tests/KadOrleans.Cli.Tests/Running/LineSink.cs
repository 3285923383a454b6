using System.Collections.Concurrent;
using System.Threading.Channels;

namespace KadOrleans.Cli.Tests.Running;

/// <summary>Lines as they come, kept and awaitable.</summary>
internal sealed class LineSink
{
    private readonly Channel<string> _arriving = Channel.CreateUnbounded<string>();
    private readonly ConcurrentQueue<string> _all = new();

    public IReadOnlyCollection<string> All => _all;

    public string Text => string.Join('\n', _all);

    public void Add(string? line)
    {
        if (line is null)
        {
            _arriving.Writer.TryComplete();
            return;
        }

        _all.Enqueue(line);
        _arriving.Writer.TryWrite(line);
    }

    /// <summary>The next line that was not asked for before.</summary>
    public async Task<string> NextAsync(CancellationToken cancellationToken) =>
        await _arriving.Reader.ReadAsync(cancellationToken);
}
