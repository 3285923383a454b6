namespace KadOrleans.Http;

/// <summary>
/// Bounds how many messages of one category, level and event are logged in a second. What a library logs for each request would else be as much as
/// strangers send. It says how many were left out. Safe for several threads.
/// </summary>
/// <param name="time">Measures the seconds.</param>
/// <param name="report">Gets the number left out, a second after the first of them.</param>
internal sealed class CategoryBound(TimeProvider time, Action<long> report) : IDisposable
{
    /// <summary>The most messages in a second.</summary>
    public const int MostPerSecond = 20;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private long _begun = time.GetTimestamp();
    private int _passed;
    private long _leftOut;
    private ITimer? _reporting;

    /// <summary>Whether one more message is logged.</summary>
    public bool TryPass()
    {
        lock (_gate)
        {
            if (time.GetElapsedTime(_begun) >= Period && _leftOut == 0)
            {
                (_begun, _passed) = (time.GetTimestamp(), 0);
            }

            if (_passed < MostPerSecond)
            {
                _passed++;
                return true;
            }

            if (_leftOut++ == 0)
            {
                _reporting ??= time.CreateTimer(static bound => ((CategoryBound)bound!).Report(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _reporting.Change(Period, Timeout.InfiniteTimeSpan);
            }

            return false;
        }
    }

    public void Dispose() => _reporting?.Dispose();

    private void Report()
    {
        long leftOut;
        lock (_gate)
        {
            leftOut = _leftOut;
            (_begun, _passed, _leftOut) = (time.GetTimestamp(), 0, 0);
        }

        report(leftOut);
    }
}
