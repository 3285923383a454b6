namespace KadOrleans.Edge;

/// <summary>What the process's exit code says.</summary>
internal static class ExitCode
{
    /// <summary>Stopped as told, in good order.</summary>
    public const int Stopped = 0;

    /// <summary>Ended by a failure that the log tells of.</summary>
    public const int Failed = 1;

    /// <summary>Never served: the configuration is wrong, or an address is taken. Starting again changes nothing.</summary>
    public const int WrongConfiguration = 2;

    /// <summary>Another process holds the edge's name.</summary>
    public const int LeaseLost = 3;
}
