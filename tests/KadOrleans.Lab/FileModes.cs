namespace KadOrleans.Lab;

/// <summary>The modes of what a process created. They are looked at where a file is created with rights for others if nobody sees to it.</summary>
public static class FileModes
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Fails if others than the owner may use a file or a folder, or what is below it. There must be something.</summary>
    public static void AssertOwnersAlone(string path)
    {
        SkipWhereNewFilesAreTheOwners();
        string[] all = File.Exists(path) ? [path] : [path, .. Directory.EnumerateFileSystemEntries(path, "*", SearchOption.AllDirectories)];
        Assert.True(File.Exists(path) || all.Length > 1, $"'{path}' is empty.");
        Assert.All(all, one => Assert.True((Of(one) & ~Owner) == 0, $"The mode of '{one}' is {Of(one)}."));
    }

    /// <summary>The mode of a file or a folder.</summary>
    public static UnixFileMode Of(string path) => OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(path);

    /// <summary>Gives a file or a folder a mode.</summary>
    public static void Set(string path, UnixFileMode mode)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    private static void SkipWhereNewFilesAreTheOwners()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["file"], string.Empty);
        Assert.SkipWhen((Of(folder["file"]) & ~Owner) == 0, "The umask keeps others from every new file.");
    }
}
