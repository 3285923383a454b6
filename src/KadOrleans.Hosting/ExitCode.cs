namespace KadOrleans.Hosting;

/// <summary>What a process's exit code says, of all executables alike.</summary>
internal static class ExitCode
{
    /// <summary>Done, or stopped as told and in good order.</summary>
    public const int Done = 0;

    /// <summary>Not found, refused or interrupted; of a silo or an edge: it failed, as its last line says.</summary>
    public const int Failed = 1;

    /// <summary>
    /// Not done because of how it was asked for or set up: arguments, a setting, a taken port, a locked folder, a broken file. Starting
    /// again changes nothing.
    /// </summary>
    public const int WrongUsage = 2;

    /// <summary>Of a command of <c>kad</c>: no node answered.</summary>
    public const int Unreachable = 3;

    /// <summary>Of a silo or an edge: the cluster counts on the process no more: a silo was declared dead, or another process has the edge's name.</summary>
    public const int Replaced = 3;

    /// <summary>The name that a JSON error object has for a code other than <see cref="Done"/>.</summary>
    public static string NameOf(int exitCode) => exitCode switch
    {
        WrongUsage => "wrongUsage",
        Unreachable => "unreachable",
        _ => "failed",
    };
}
