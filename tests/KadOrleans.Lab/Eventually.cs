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

    public static async Task<T> ReadAsync<T>(Func<Task<T>> read, Func<T, bool> isReached)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        using var timer = new PeriodicTimer(Interval);
        var last = await read();
        while (!isReached(last))
        {
            try
            {
                await timer.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException e)
            {
                throw new TimeoutException($"Not reached in {Deadline}; the last was {last}", e);
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
