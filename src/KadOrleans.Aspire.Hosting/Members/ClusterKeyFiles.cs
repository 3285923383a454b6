using System.Security.Cryptography;
using Aspire.Hosting.ApplicationModel;

namespace KadOrleans.Aspire.Hosting;

/// <summary>
/// The files of a cluster's two keys, which its processes prove to each other on each connection: one of silos, edges and clients, and one of
/// silos alone. They are where a silo on SQLite makes them itself, and stay from start to start.
/// </summary>
internal static class ClusterKeyFiles
{
    private const int Bytes = 32;

    /// <summary>Sets the key that every process of a cluster and its clients have.</summary>
    public static void AddGatewayKey(ProcessSettings settings, KadClusterResource cluster) =>
        settings["Kad:Cluster:GatewayKeyFile"] = Make(cluster.Folder, "gateway-key");

    /// <summary>Sets the key that its silos have, and no others.</summary>
    public static void AddSiloKey(ProcessSettings settings, KadClusterResource cluster) =>
        settings["Kad:Cluster:SiloKeyFile"] = Make(cluster.Folder, "silo-key");

    // Whole or not at all: processes are started at the same time.
    private static string Make(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        if (File.Exists(path))
        {
            return path;
        }

        Directory.CreateDirectory(folder);
        var made = $"{path}.{Path.GetRandomFileName()}";
        try
        {
            Write(made, $"{RandomNumberGenerator.GetHexString(2 * Bytes, lowercase: true)}\n");
            File.Move(made, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process made the file meanwhile: its key counts.
            File.Delete(made);
        }

        return path;
    }

    // Makes a file that its owner alone may read.
    private static void Write(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(path, options);
        writer.Write(text);
    }
}
