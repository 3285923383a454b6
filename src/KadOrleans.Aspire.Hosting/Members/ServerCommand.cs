using System.Reflection;
using Aspire.Hosting;

namespace KadOrleans.Aspire.Hosting;

/// <summary>How <c>kad-server</c> is started.</summary>
/// <param name="Command">The executable.</param>
/// <param name="Arguments">What stands before its settings.</param>
internal sealed record ServerCommand(string Command, string[] Arguments)
{
    private const string Metadata = "KadServerPath";
    private const string Needed = "the path of kad-server or kad-server.dll is needed";

    /// <param name="builder">The app host.</param>
    /// <param name="server">A path from the app host's folder on, or a command of the PATH. Null: what the app host's project says.</param>
    /// <exception cref="DistributedApplicationException">There is none. One sentence.</exception>
    public static ServerCommand Find(IDistributedApplicationBuilder builder, string? server)
    {
        if (server is not null)
        {
            return FindFile(Path.Combine(builder.AppHostDirectory, server)) ?? FindCommand(server) ?? throw new DistributedApplicationException(
                $"AddKadCluster: server is '{server}', which is neither a file nor a command of the PATH; {Needed}.");
        }

        var path = builder.AppHostAssembly?.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(entry => entry.Key == Metadata)?.Value
            ?? throw new DistributedApplicationException(
                "AddKadCluster: the app host's project does not reference the package KadOrleans.Aspire.Hosting, which has kad-server; "
                + "it must, or server must have the path of kad-server.");
        return FindFile(Path.Combine(builder.AppHostDirectory, path)) ?? throw new DistributedApplicationException(
            $"AddKadCluster: '{path}', which {Metadata} of the app host's project names, is no file; {Needed}.");
    }

    private static ServerCommand? FindFile(string path) => !File.Exists(path) ? null
        : Path.GetExtension(path).Equals(".dll", StringComparison.OrdinalIgnoreCase) ? new ServerCommand("dotnet", [Path.GetFullPath(path)])
        : new ServerCommand(Path.GetFullPath(path), []);

    private static ServerCommand? FindCommand(string name) => Path.GetFileName(name) != name ? null
        : (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => (string[])[Path.Combine(folder, name), Path.Combine(folder, $"{name}.exe")])
            .Select(FindFile).FirstOrDefault(found => found is not null);
}
