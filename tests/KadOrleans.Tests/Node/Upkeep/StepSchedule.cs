namespace KadOrleans.Tests.Node;

/// <summary>
/// Holds calls back and lets them go on one at a time, in the order that a test chooses. Whatever else a simulation does goes on by
/// itself, so that a call is chosen once nothing else can happen.
/// </summary>
/// <param name="clock">The simulation's clock. Each step takes a millisecond of it, far less than any timeout.</param>
/// <param name="choose">Returns which of so many waiting calls goes on.</param>
internal sealed class StepSchedule(ManualTimeProvider clock, Func<int, int> choose)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(4);

    private readonly List<(string Name, TaskCompletionSource Turn)> _waiting = [];
    private bool _isHolding;

    /// <summary>The steps so far, in their order.</summary>
    public List<string> Trace { get; } = [];

    /// <summary>Waits for the call's turn, while <see cref="RunAsync"/> runs.</summary>
    public Task StepAsync(string name)
    {
        if (!_isHolding)
        {
            return Task.CompletedTask;
        }

        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Add((name, turn));
        return turn.Task;
    }

    /// <summary>Begins work and lets its calls go on, until all of it has ended and no call has waited for some seconds.</summary>
    public async Task RunAsync(Func<IEnumerable<Task>> begin)
    {
        _isHolding = true;
        var work = Task.WhenAll(begin());
        var idle = Tick;
        while (!work.IsCompleted || idle < Quiet)
        {
            await Task.Delay(idle, clock);
            if (_waiting.Count == 0)
            {
                idle *= 2;
                Assert.True(idle < TimeSpan.FromHours(1), "A call waits for something that will not happen.");
                continue;
            }

            idle = Tick;
            var (name, turn) = _waiting[choose(_waiting.Count)];
            _waiting.Remove((name, turn));
            Trace.Add(name);
            turn.SetResult();
        }

        _isHolding = false;
        await work;
    }
}

/// <summary>Tries every order of a run's steps, by running it again and again with other choices.</summary>
internal static class Interleavings
{
    /// <summary>Runs with each sequence of choices. The same choices must lead to the same next one.</summary>
    /// <returns>How many there are.</returns>
    public static int TryAll(Action<Func<int, int>> run)
    {
        var path = new List<(int Choice, int Options)>();
        for (var runs = 1; ; runs++)
        {
            var depth = 0;
            run(options =>
            {
                if (depth == path.Count)
                {
                    path.Add((0, options));
                }

                Assert.Equal(path[depth].Options, options);
                return path[depth++].Choice;
            });
            while (path.Count > 0 && path[^1].Choice == path[^1].Options - 1)
            {
                path.RemoveAt(path.Count - 1);
            }

            if (path.Count == 0)
            {
                return runs;
            }

            path[^1] = path[^1] with { Choice = path[^1].Choice + 1 };
        }
    }
}
