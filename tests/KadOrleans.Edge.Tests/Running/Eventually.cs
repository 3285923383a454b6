using System.Diagnostics;

namespace KadOrleans.Edge.Tests.Running;

/// <summary>
/// Waits for what edges and silos do without saying so. This is the one place that asks again by a timer.
/// </summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public static Task BecomesAsync(Func<bool> isReached, Func<object?> last) =>
        BecomesAsync(() => Task.FromResult(isReached()), last);

    public static async Task BecomesAsync(Func<Task<bool>> isReached, Func<object?> last)
    {
        var watch = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await isReached())
        {
            Assert.True(watch.Elapsed < Deadline, $"Not reached in {Deadline}; the last was {last()}");
            await timer.WaitForNextTickAsync();
        }
    }
}
