namespace KadOrleans.Lab;

/// <summary>The executable beside the suite that runs: the one with every provider where the suite references it.</summary>
public static class ServerExecutable
{
    /// <summary>Its assembly, without the extension.</summary>
    public static string Name { get; } = File.Exists(Path.Combine(AppContext.BaseDirectory, "kad-server-full.dll")) ? "kad-server-full" : "kad-server";

    /// <summary>The settings that make it an edge. An executable of 0.1.0 is one without, and refuses them.</summary>
    /// <param name="assembly">An assembly, without the extension.</param>
    public static string[] EdgeSettings(string assembly) =>
        Path.GetFileName(assembly).StartsWith("kad-server", StringComparison.Ordinal) ? ["Kad:Role=Edge"] : [];

    /// <summary>The executable of a build in a folder, also of 0.1.0.</summary>
    /// <param name="folder">The folder with its assemblies.</param>
    /// <param name="older">Its name in 0.1.0.</param>
    public static string In(string folder, string older) =>
        Path.Combine(folder, File.Exists(Path.Combine(folder, "kad-server.dll")) ? "kad-server" : older);
}
