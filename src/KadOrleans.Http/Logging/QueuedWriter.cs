using System.Text;
using System.Threading.Channels;

namespace KadOrleans.Http;

/// <summary>
/// Passes text on to another writer, in order, on a thread of its own: who writes never waits, even for a pipe that nobody reads. While the
/// other writer takes nothing, <see cref="MostWaiting"/> pieces wait, and further ones are lost and counted. What waits is written
/// before the process ends, even by an exception that nobody catches, within <see cref="EndTimeout"/>.
/// </summary>
internal sealed class QueuedWriter : TextWriter
{
    /// <summary>Mostly lines of some hundred bytes, so some hundred kilobytes.</summary>
    public const int MostWaiting = 4096;

    /// <summary>The longest that the end of a process waits for its output.</summary>
    public static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(2);

    // Whoever writes wakes the thread himself: the pool may have none left, above all where a process fails.
    private readonly Channel<string> _waiting =
        Channel.CreateBounded<string>(new BoundedChannelOptions(MostWaiting) { SingleReader = true, AllowSynchronousContinuations = true });
    private readonly TextWriter _inner;
    private readonly Thread _thread;
    private long _lost;

    /// <param name="inner">Must not throw, as a <see cref="BestEffortWriter"/>. It is written by one thread at a time.</param>
    public QueuedWriter(TextWriter inner)
    {
        _inner = inner;
        _thread = new Thread(WriteAll) { IsBackground = true, Name = "output" };
        _thread.Start();
        AppDomain.CurrentDomain.ProcessExit += OnEnd;
        AppDomain.CurrentDomain.UnhandledException += OnEnd;
    }

    public override Encoding Encoding => _inner.Encoding;

    /// <summary>What is written in place of that many pieces that were lost. Called on the thread that writes.</summary>
    public Func<long, string>? DescribeLoss { get; set; }

    public override void Write(char value) => Write(value.ToString());

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(string? value)
    {
        if (value is { Length: > 0 } && !_waiting.Writer.TryWrite(value))
        {
            Interlocked.Increment(ref _lost);
        }
    }

    // In one piece: lines of several threads must not mix.
    public override void WriteLine(string? value) => Write(value + NewLine);

    public override Task WriteLineAsync(string? value)
    {
        WriteLine(value);
        return Task.CompletedTask;
    }

    /// <summary>Writes what waits, for at most <see cref="EndTimeout"/>. Later text is lost.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            AppDomain.CurrentDomain.ProcessExit -= OnEnd;
            AppDomain.CurrentDomain.UnhandledException -= OnEnd;
            End();
        }

        base.Dispose(disposing);
    }

    private void OnEnd(object? sender, EventArgs e) => End();

    private void End()
    {
        _waiting.Writer.TryComplete();
        _thread.Join(EndTimeout);
    }

    // Nothing else runs on the thread, so it may block.
    private void WriteAll()
    {
        while (_waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_waiting.Reader.TryRead(out var text))
            {
                _inner.Write(text);
                if (Interlocked.Exchange(ref _lost, 0) is > 0 and var lost && DescribeLoss?.Invoke(lost) is { } loss)
                {
                    _inner.Write(loss);
                }
            }
        }
    }
}
