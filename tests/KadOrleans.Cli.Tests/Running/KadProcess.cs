using KadOrleans.Testing.Processes;

namespace KadOrleans.Cli.Tests.Running;

/// <summary>The built command as a process of its own.</summary>
internal static class KadProcess
{
    public static ChildProcess Start(params string[] args) => ChildProcess.Start("kad", Environment.CurrentDirectory, args);
}
