using BenchmarkDotNet.Attributes;

namespace KadOrleans.Lab;

/// <summary>
/// Lookups without a network: as many of them, one after another, as it takes to hear 1,000 answers of 20 contacts
/// each. The numbers are per answer.
/// </summary>
public class LookupBenchmarks
{
    private const int Answers = 1_000;
    private const int NetworkSize = 5_000;

    private const int Known = 300;

    private readonly KademliaOptions _options = new();
    private readonly Contact[] _seeds;
    private readonly List<(NodeId Target, List<Contact[]> Answers)> _recorded = [];

    public LookupBenchmarks()
    {
        var network = SampleNetwork.CreateContacts(NetworkSize);
        _seeds = network[..SampleNetwork.BucketSize];
        var recordedAnswers = 0;
        foreach (var target in SampleNetwork.CreateTargets())
        {
            var recorded = Record(target, network);
            _recorded.Add((target, recorded));
            recordedAnswers += recorded.Count;
            if (recordedAnswers >= Answers)
            {
                break;
            }
        }
    }

    [Benchmark(OperationsPerInvoke = Answers)]
    public int TakeAnswer()
    {
        var taken = 0;
        foreach (var (target, answers) in _recorded)
        {
            var lookup = Begin(target);
            for (var i = 0; taken < Answers && lookup.TryNext(out var contact); i++, taken++)
            {
                lookup.OnNodes(contact, answers[i]);
            }
        }

        return taken;
    }

    private Lookup Begin(NodeId target) => new(SampleNetwork.OwnId, target, LookupKind.Node, _seeds, _options);

    /// <summary>A lookup is the same each time, so its answers can be worked out beforehand.</summary>
    private List<Contact[]> Record(NodeId target, Contact[] network)
    {
        var answers = new List<Contact[]>();
        var lookup = Begin(target);
        while (lookup.TryNext(out var contact))
        {
            var answer = Answer(contact, target, network);
            answers.Add(answer);
            lookup.OnNodes(contact, answer);
        }

        return answers;
    }

    private static Contact[] Answer(Contact contact, NodeId target, Contact[] network)
    {
        var random = new SeededRandomSource(contact.Endpoint.Port + (int)(contact.Endpoint.AddressLow >> 8));
        var known = Enumerable.Range(0, Known).Select(_ => network[random.Next(network.Length)]).Distinct().ToList();
        var nearest = new Contact[SampleNetwork.BucketSize];
        return nearest[..new RoutingTableSnapshot(contact.Id, 1, known).FindClosest(target, nearest)];
    }
}
