namespace KadOrleans.Http;

/// <summary>The exit codes of all executables. A number has one meaning. 4 is not used: a former Kubernetes job for the PostgreSQL schema had it.</summary>
internal static class ExitCode
{
    /// <summary>Done, or stopped normally by a signal.</summary>
    public const int Done = 0;

    /// <summary>Not found, refused or interrupted. For a silo or an edge: it failed; its last line has the reason.</summary>
    public const int Failed = 1;

    // Not done because of an argument, a setting, a port in use, a locked folder or a broken file. A restart alone does not help.
    public const int WrongUsage = 2;

    /// <summary>For a command of <c>kad</c>: no node responded.</summary>
    public const int Unreachable = 3;

    // For a silo or an edge: the cluster has replaced the process. A silo was declared dead, or another process has the edge's name.
    public const int Replaced = 5;

    /// <summary>The name of a code other than <see cref="Done"/> in a JSON error object.</summary>
    public static string NameOf(int exitCode) => exitCode switch
    {
        WrongUsage => "wrongUsage",
        Unreachable => "unreachable",
        _ => "failed",
    };
}
