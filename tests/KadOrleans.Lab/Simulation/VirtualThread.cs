using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Lab;

/// <summary>
/// Runs every continuation of a simulation on one thread and in one order. While nothing is left to run, virtual time
/// moves to the next event.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "There is nothing to dispose.")]
public sealed class VirtualThread : SynchronizationContext
{
    private readonly ConcurrentQueue<(SendOrPostCallback Callback, object? State)> _ready = new();

    public override void Post(SendOrPostCallback d, object? state) => _ready.Enqueue((d, state));

    /// <summary>Not supported: a simulation has one thread, which would wait for itself.</summary>
    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("A simulation never blocks on itself.");

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Runs an async method to its end, advancing the clock whenever everything waits.</summary>
    public T Run<T>(ManualTimeProvider clock, Func<Task<T>> method)
    {
        var outer = Current;
        SetSynchronizationContext(this);
        try
        {
            var task = method();
            while (!task.IsCompleted)
            {
                if (!RunReady() && !task.IsCompleted && !clock.FireNext())
                {
                    throw new InvalidOperationException("The simulation waits for something that will not happen.");
                }
            }

            return task.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(outer);
        }
    }

    private bool RunReady()
    {
        var ran = false;
        while (_ready.TryDequeue(out var work))
        {
            work.Callback(work.State);
            ran = true;
        }

        return ran;
    }
}
