namespace KadOrleans.Lab;

/// <summary>
/// A Secret as a pod has it mounted. As the kubelet does it, each change is a new folder, and a symbolic link to the folder is replaced: the
/// files that the pod opens are links that stay as they are.
/// </summary>
public sealed class SecretVolume
{
    private const string Current = "..data";

    private int _version;

    /// <summary>Creates the folder, without a Secret.</summary>
    public SecretVolume(string path) => Path = Directory.CreateDirectory(path).FullName;

    public string Path { get; }

    public string this[string key] => System.IO.Path.Combine(Path, key);

    /// <summary>Brings a Secret's keys to the pod, and takes the former ones away.</summary>
    public void Write(params IReadOnlyList<(string Key, string Content)> secret)
    {
        var former = new DirectoryInfo(this[Current]).LinkTarget;
        var next = $"..version_{++_version}";
        Directory.CreateDirectory(this[next]);
        foreach (var (key, content) in secret)
        {
            File.WriteAllText(System.IO.Path.Combine(this[next], key), content);
        }

        // By a rename, so that there is a link at any time. The framework's own refuses links to folders.
        File.CreateSymbolicLink(this["..data_tmp"], next);
        Kubectl.Run("mv", string.Empty, "-T", this["..data_tmp"], this[Current]);
        foreach (var (key, _) in secret.Where(one => !File.Exists(this[one.Key])))
        {
            File.CreateSymbolicLink(this[key], System.IO.Path.Combine(Current, key));
        }

        if (former is not null)
        {
            Directory.Delete(this[former], recursive: true);
        }
    }
}
