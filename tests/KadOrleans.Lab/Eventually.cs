using System.Runtime.CompilerServices;

namespace KadOrleans.Lab;

/// <summary>
/// Waits for what happens at once or after a while, and is not announced: a port's work, another process's health. This is the
/// one place that looks again by a timer.
/// </summary>
public static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <param name="read">Reads it.</param>
    /// <param name="isReached">Whether that is what is waited for.</param>
    /// <param name="within">How long it may take; 60 s if it is not given.</param>
    /// <param name="interval">Between two looks, where each costs something; 20 ms if it is not given.</param>
    public static async Task<T> ReadAsync<T>(Func<Task<T>> read, Func<T, bool> isReached, TimeSpan? within = null, TimeSpan? interval = null)
    {
        using var deadline = new CancellationTokenSource(within ?? Deadline);
        using var timer = new PeriodicTimer(interval ?? Interval);
        var last = await read();
        while (!isReached(last))
        {
            try
            {
                await timer.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException($"Not reached in {within ?? Deadline}; the last was {last}", e);
            }

            last = await read();
        }

        return last;
    }

    public static Task BecomesAsync(Func<bool> condition, Func<object?> last) =>
        BecomesAsync(() => Task.FromResult(condition()), last);

    public static async Task BecomesAsync(Func<Task<bool>> condition, Func<object?> last)
    {
        try
        {
            await ReadAsync(condition, holds => holds);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"Not reached in {Deadline}; the last was {last()}", e);
        }
    }

    public static Task IsTrueAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string? text = null) =>
        BecomesAsync(condition, () => text);
}
