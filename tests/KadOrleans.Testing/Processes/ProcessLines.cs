using System.Collections.Concurrent;
using System.Threading.Channels;

namespace KadOrleans.Testing.Processes;

/// <summary>What a process writes, line by line as it comes: kept, and to be waited for.</summary>
public sealed class ProcessLines
{
    private readonly Channel<string> _arriving = Channel.CreateUnbounded<string>();
    private readonly ConcurrentQueue<string> _all = new();

    /// <summary>All lines so far.</summary>
    public IReadOnlyCollection<string> All => _all;

    /// <summary>All lines so far, as one text.</summary>
    public string Text => string.Join('\n', _all);

    /// <summary>The next line that was not taken before, or null after the last.</summary>
    public async Task<string?> NextAsync(CancellationToken cancellationToken)
    {
        while (await _arriving.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_arriving.Reader.TryRead(out var line))
            {
                return line;
            }
        }

        return null;
    }

    internal void Add(string? line)
    {
        if (line is null)
        {
            _arriving.Writer.TryComplete();
            return;
        }

        _all.Enqueue(line);
        _arriving.Writer.TryWrite(line);
    }
}
