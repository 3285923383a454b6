namespace KadOrleans.Cli;

/// <summary>What a command's exit code says.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Not found, refused, unreachable or interrupted.</summary>
    public const int Failed = 1;

    /// <summary>Not done because of how it was asked for: arguments, a taken port, a locked folder, a broken file.</summary>
    public const int WrongUsage = 2;
}
