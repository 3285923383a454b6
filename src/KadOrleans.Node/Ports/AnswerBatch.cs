namespace KadOrleans.Node.Ports;

/// <summary>
/// Answers that become due on one thread in one go, as those to the STOREs of a commit: a transport may send them together.
/// </summary>
public static class AnswerBatch
{
    // Null while no batch is open on the thread.
    [ThreadStatic]
    private static List<IWaitingAnswers>? _waiting;

    /// <summary>
    /// Runs what completes requests. What is sent meanwhile by <see cref="IAnswerRoute.SendAnswer"/> on this thread is
    /// on its way when this returns, or throws.
    /// </summary>
    public static void Run(Action completions)
    {
        ArgumentNullException.ThrowIfNull(completions);
        if (_waiting is not null)
        {
            completions();
            return;
        }

        var waiting = _waiting = [];
        try
        {
            completions();
        }
        finally
        {
            _waiting = null;
            waiting.ForEach(static answers => answers.Send());
        }
    }

    /// <summary>
    /// Has answers sent at the end of the batch that is open on this thread. False if none is: nobody would send them.
    /// </summary>
    public static bool TryJoin(IWaitingAnswers answers)
    {
        if (_waiting is not { } waiting)
        {
            return false;
        }

        // One for each socket of the process: few, and mostly the last.
        if (waiting.Count == 0 || (waiting[^1] != answers && !waiting.Contains(answers)))
        {
            waiting.Add(answers);
        }

        return true;
    }
}
