using KadOrleans.Storage.Sqlite.KillTarget;
using KadOrleans.Testing.Processes;

namespace KadOrleans.Storage.Sqlite.Tests.Processes;

/// <summary>Another process on a data folder.</summary>
internal static class OtherProcess
{
    public static ChildProcess Start(params string[] arguments) =>
        ChildProcess.Start(typeof(Workload).Assembly.GetName().Name!, Environment.CurrentDirectory, arguments);
}
