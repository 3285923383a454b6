namespace KadOrleans.Tests.Deployment;

/// <summary>The workflows of .github: what they name is there, and a release has what it promises. They are not run.</summary>
public sealed class WorkflowTests
{
    private static readonly Regex Named = new(@"[\w./-]+\.sh|[\w.-]+\.sln\b");

    private static readonly string[] Files = Directory.GetFiles(Repository.Path(".github/workflows"), "*.yml");

    private static readonly string Script = Repository.Read("infra/release.sh");

    private static readonly Dictionary<string, Dictionary<string, JsonNode>> Workflows = Files
        .ToDictionary(
            file => Path.GetFileNameWithoutExtension(file),
            file => Yaml.Documents(File.ReadAllText(file))[0].At("jobs")!.AsObject().ToDictionary(job => job.Key, job => job.Value!));

    private static IEnumerable<JsonNode> Steps => Workflows.Values.SelectMany(jobs => jobs.Values).SelectMany(job => job.Entries("steps"));

    private static IEnumerable<string> Commands => Steps.Select(step => step.Text("run")).OfType<string>();

    [Fact]
    public void Each_job_has_a_machine_steps_of_one_kind_and_jobs_to_wait_for_that_there_are() => Assert.All(
        Workflows.Values,
        jobs => Assert.All(jobs.Values, job =>
        {
            Assert.NotNull(job.At("runs-on"));
            Assert.NotEmpty(job.Entries("steps"));
            Assert.All(job.Entries("steps"), step => Assert.NotEqual(step.At("uses") is null, step.At("run") is null));
            Assert.Subset(jobs.Keys.ToHashSet(), job.Texts("needs").ToHashSet());
        }));

    // A tag may be moved to other code by whoever owns or takes over the action; the comment says which release a commit is.
    [Fact]
    public void Actions_are_commits_and_say_of_which_release() => Assert.All(
        Files.SelectMany(File.ReadLines).Where(line => line.Contains("uses:", StringComparison.Ordinal)),
        line => Assert.Matches(@"^ +(- )?uses: [a-z-]+/[a-z-]+(/[a-z-]+)?@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line));

    [Fact]
    public void A_release_installs_what_it_made_alone_and_not_where_it_is_made()
    {
        var jobs = Workflows["release"];
        var makes = jobs.Where(job => Has(job.Value, "release.sh packages")).Select(job => job.Key).ToList();
        var installs = jobs.Where(job => Has(job.Value, "release.sh install")).Select(job => job.Key).ToList();

        Assert.Equal(["packages"], makes);
        Assert.Equal(["install"], installs);
        Assert.DoesNotMatch("apt-get|npm |curl |wget |git clone|dotnet tool install", Runs(jobs["packages"]) + Function("packages") + Function("pack"));
        Assert.Contains("install", jobs["release"].Texts("needs"));

        // The tool has one source, and of others a program takes nothing of this name.
        Assert.Contains("--source \"$feed\"", Function("install"), StringComparison.Ordinal);
        Assert.Contains("<packageSource key=\"release\"><package pattern=\"KadOrleans.*\" />", Function("install"), StringComparison.Ordinal);
        Assert.DoesNotContain("--add-source", Script + string.Concat(Commands), StringComparison.Ordinal);

        static bool Has(JsonNode job, string command) => Runs(job).Contains(command, StringComparison.Ordinal);
        static string Runs(JsonNode job) => string.Join('\n', job.Entries("steps").Select(step => step.Text("run")));
    }

    // So a release that was tried on one machine differs from one that is made by who signs, and by where it is pushed.
    [Fact]
    public void Each_step_that_a_release_takes_from_the_script_is_taken_when_it_is_tried()
    {
        var steps = Workflows["release"].Values.SelectMany(job => job.Entries("steps")).Select(step => step.Text("run")).OfType<string>()
            .SelectMany(run => Regex.Matches(run, @"infra/release\.sh (\w+)")).Select(match => match.Groups[1].Value).ToHashSet();
        var tried = Function("try") + Function("packages");

        Assert.Equal(["check", "image", "install", "notes", "packages", "verify"], steps.Order());
        Assert.All(steps, step => Assert.Matches($@"(?m)^ +(step '[^']+' )?{step}\b", tried));
        Assert.All(Workflows["release"]["images"].Texts("strategy.matrix.image"), image => Assert.Matches($@"(?m) image {image}$", tried));
        Assert.Contains("dotnet nuget push", Function("push_to_feed"), StringComparison.Ordinal);
    }

    [Fact]
    public void Workflows_may_read_and_a_job_that_may_more_says_what()
    {
        Assert.All(Files, file => Assert.Equal("""{"contents":"read"}""", Yaml.Documents(File.ReadAllText(file))[0].At("permissions")!.ToJsonString()));
        Assert.Equal(
            ["analyze", "attest", "images", "nuget", "release"],
            Workflows.Values.SelectMany(jobs => jobs).Where(job => job.Value.At("permissions") is not null).Select(job => job.Key).Order());
        Assert.Equal("write", Workflows["codeql"]["analyze"].Text("permissions.security-events"));
    }

    // No job has a key of NuGet's that outlives it, and none but the job that pushes may ask for one.
    [Fact]
    public void A_release_pushes_by_its_own_identity_what_was_checked_attested_and_started()
    {
        var jobs = Workflows["release"];
        var push = Assert.Single(jobs, job => job.Value.Entries("steps").Any(step => step.Text("run")?.Contains("nuget push", StringComparison.Ordinal) == true));

        Assert.Equal(["attest", "images", "install"], push.Value.Texts("needs").Order());
        Assert.Equal(("nuget", "write"), (push.Value.Text("environment"), push.Value.Text("permissions.id-token")));
        Assert.DoesNotContain("secrets.NUGET", File.ReadAllText(Repository.Path(".github/workflows/release.yml")), StringComparison.Ordinal);
        Assert.Contains(push.Value.Entries("steps"), step => step.Text("run")?.Contains("sha256sum --check", StringComparison.Ordinal) == true);
        Assert.DoesNotContain(push.Value.Entries("steps"), step => step.Text("uses")?.StartsWith("actions/checkout@", StringComparison.Ordinal) == true);
        Assert.All((string[])["attest", "images"], name =>
        {
            Assert.Equal(("write", "write"), (jobs[name].Text("permissions.attestations"), jobs[name].Text("permissions.id-token")));
            Assert.Contains(jobs[name].Entries("steps"), step => step.Text("uses")?.StartsWith("actions/attest@", StringComparison.Ordinal) == true);
        });
        Assert.Contains("attest", jobs["release"].Texts("needs"));
    }

    [Fact]
    public void Each_night_histories_of_clusters_and_a_node_are_judged_with_another_seed_and_kept_if_they_contradict()
    {
        var job = Workflows["nightly"]["histories"];
        var run = Assert.Single(job.Entries("steps"), step => step.Text("run")?.Contains("faults histories", StringComparison.Ordinal) == true).Text("run")!;
        var upload = Assert.Single(job.Entries("steps"), step => step.Text("uses")?.StartsWith("actions/upload-artifact@", StringComparison.Ordinal) == true);
        using var io = new KadOrleans.Cli.CommandIo(() => Stream.Null, Stream.Null, TextWriter.Null);
        var subjects = job.Entries("strategy.matrix.include").Select(subject =>
        {
            var line = run[run.IndexOf("histories", StringComparison.Ordinal)..]
                .Replace("${{ matrix.options }}", subject.Text("options"), StringComparison.Ordinal)
                .Replace("${{ github.run_number }}", "7", StringComparison.Ordinal);
            var parsed = FaultsCommand.Create(io).Parse(line);
            Assert.Empty(parsed.Errors);
            return new OptionReader(parsed);
        }).ToList();

        Assert.Equal(["node", "postgresql", "sqlite"], subjects.Select(options => options.Flag("--node") ? "node" : options.Text("--storage")).Order());
        Assert.All(subjects, options => Assert.Equal(("7", upload.Text("with.path")), (options.Text("--seed"), options.Text("--out"))));
        Assert.All(subjects, options => Assert.True(options.Integer("--faults", 0, 0, int.MaxValue) > 2 * HistoryOptions.Default.Faults));
        Assert.Equal("failure()", upload.Text("if"));
    }

    [Fact]
    public void What_commands_name_is_there()
    {
        var named = Commands.SelectMany(run => Named.Matches(run)).Select(match => match.Value).ToHashSet();
        Assert.Subset(named, new HashSet<string> { "./test.sh", "infra/kubernetes/try-in-kind.sh", "infra/release.sh" });
        Assert.All(named, path => Assert.True(File.Exists(Repository.Path(path)), path));
    }

    [Fact]
    public void A_release_tests_packs_starts_the_tool_and_sums_up()
    {
        var runs = string.Join('\n', Commands);
        Assert.All(["./test.sh --all", "sha256sum --check", "gh release create"], command => Assert.Contains(command, runs, StringComparison.Ordinal));
        Assert.Contains("tool/kad --version", Function("install"), StringComparison.Ordinal);
        Assert.Contains("sbom-tool generate", Function("bill_of_materials"), StringComparison.Ordinal);
        Assert.Contains("sha256sum", Function("packages"), StringComparison.Ordinal);
        Assert.Contains("EnablePackageValidation=true", Function("pack"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_release_builds_each_image_for_two_architectures_with_its_bill_of_materials()
    {
        var job = Workflows["release"]["images"];
        Assert.Equal(
            Directory.EnumerateFiles(Repository.Path("infra/docker"), "*.Dockerfile").Select(file => $"infra/docker/{Path.GetFileName(file)}").Order(),
            Regex.Matches(Function("dockerfile_of"), @"echo (\S+)").Select(match => match.Groups[1].Value).Order());
        Assert.Equal(
            job.Texts("strategy.matrix.image").Order(),
            Regex.Matches(Function("dockerfile_of"), @"(?m)^ +([a-z-]+)\) echo").Select(match => match.Groups[1].Value).Order());

        var build = Function("image");
        Assert.All(
            ["--platform linux/amd64,linux/arm64", "--build-arg VERSION=\"$version\"", "--tag \"$registry/$name:$version\"", "--sbom=true", "--provenance=true"],
            option => Assert.Contains(option, build, StringComparison.Ordinal));
        Assert.DoesNotContain(job.Entries("steps"), step => step.Text("uses")?.Contains("qemu", StringComparison.Ordinal) == true);

        // The digest of what was pushed is what is attested.
        var attested = job.Entries("steps").Single(step => step.Text("uses")?.StartsWith("actions/attest@", StringComparison.Ordinal) == true);
        Assert.Equal(
            ("${{ steps.build.outputs.name }}", "${{ steps.build.outputs.digest }}"), (attested.Text("with.subject-name"), attested.Text("with.subject-digest")));
        Assert.All(["name=$registry/$name", "digest=\\1"], output => Assert.Contains(output, build, StringComparison.Ordinal));
    }

    // The body of a function of the script that makes releases.
    private static string Function(string name)
    {
        var match = Regex.Match(Script, $@"(?ms)^{name}\(\) \{{ (?<body>[^\n]*) \}}$|^{name}\(\) \{{\n(?<body>.*?)^\}}$");
        Assert.True(match.Success, $"infra/release.sh has no function {name}.");
        return match.Groups["body"].Value;
    }
}
