namespace KadOrleans.Silo.Hosting;

/// <summary>What the process' exit code says.</summary>
internal static class ExitCode
{
    /// <summary>It stopped because it was told to.</summary>
    public const int Done = 0;

    /// <summary>It could not start, not go on, or not stop in order.</summary>
    public const int Failed = 1;

    /// <summary>It did not start because of how it was set up: a setting, a taken port, a locked folder, a broken file.</summary>
    public const int WrongUsage = 2;

    /// <summary>The other silos declared it dead while it ran: started again it is a new one.</summary>
    public const int DeclaredDead = 3;
}
