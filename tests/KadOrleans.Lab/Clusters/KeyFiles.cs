using System.Security.Cryptography;

namespace KadOrleans.Lab;

/// <summary>The two keys of a cluster, as files of a folder with the names that a silo gives them in its data folder.</summary>
public static class KeyFiles
{
    public const string Gateway = "gateway-key";

    public const string Silo = "silo-key";

    /// <summary>A key as it is written.</summary>
    public static string Create() => RandomNumberGenerator.GetHexString(64, lowercase: true);

    /// <summary>Makes both, for silos that share storage.</summary>
    public static void Write(string folder)
    {
        File.WriteAllText(Path.Combine(folder, Gateway), Create());
        File.WriteAllText(Path.Combine(folder, Silo), Create());
    }

    /// <summary>The settings of an edge or another client.</summary>
    public static string[] OfEdge(string folder) => [$"Kad:Cluster:GatewayKeyFile={Path.Combine(folder, Gateway)}"];

    public static string[] OfSilo(string folder) => [.. OfEdge(folder), $"Kad:Cluster:SiloKeyFile={Path.Combine(folder, Silo)}"];
}
