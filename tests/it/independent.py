# Checks evidence with other people's code. Usage: independent.py WHAT FOLDER; prints "ok" or fails.
import base64, json, pathlib, sys

what, folder = sys.argv[1], pathlib.Path(sys.argv[2])


def root():
    """The root of a log, by pymerkle; one entry a line."""
    from pymerkle import InmemoryTree

    tree = InmemoryTree(algorithm="sha256")
    for line in (folder / "log.jsonl").read_bytes().splitlines():
        tree.append_entry(line)
    origin, size, digest = (folder / "checkpoint").read_text().split("\n\n")[0].split("\n")
    assert int(size) == tree.get_size(), (size, tree.get_size())
    assert base64.b64decode(digest) == tree.get_root()


def envelope():
    """DSSE by securesystemslib (in-toto's own), the statement by in-toto-attestation's protobuf messages."""
    from google.protobuf import json_format
    from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
    from in_toto_attestation.v1 import statement_pb2
    from in_toto_attestation.v1.statement import Statement
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError
    from securesystemslib.signer import SSlibKey

    text = (folder / "key.pub").read_text().strip()
    public = base64.b64decode(text.split("+", 2)[2])
    assert public[0] == 1
    label = "+".join(text.split("+", 2)[:2])
    key = SSlibKey(label, "ed25519", "ed25519", {"public": public[1:].hex()})
    document = lambda: json.loads((folder / "gates.dsse.json").read_text())
    signed = Envelope.from_dict(document())
    assert set(signed.verify([key], 1)) == {label}
    forged = Envelope.from_dict({**document(), "payload": base64.b64encode(signed.payload + b" ").decode()})
    try:
        forged.verify([key], 1)
    except VerificationError:
        pass
    else:
        raise AssertionError("a forged payload verified")
    message = json_format.Parse(signed.payload, statement_pb2.Statement(), ignore_unknown_fields=False)
    statement = Statement.copy_from_pb(message)
    statement.validate()
    assert message.predicate_type == "https://in-toto.io/attestation/test-result/v0.1"
    predicate = json.dumps(json_format.MessageToDict(message.predicate))
    result = json_format.Parse(predicate, test_result_pb2.TestResult(), ignore_unknown_fields=False)
    assert result.result == "PASSED" and list(result.passed_tests)


def lineage():
    """Each line by OpenLineage's own classes, which are generated from its published schemas; unknown fields, missing ones
    and other types fail."""
    import importlib, pkgutil
    from typing import Any

    import cattrs
    import openlineage.client.generated as generated
    from openlineage.client import event_v2
    from openlineage.client.generated import base

    strict = cattrs.Converter(forbid_extra_keys=True, prefer_attrib_converters=False)

    def plain(kind):
        def check(value, _):
            assert type(value) is kind, (kind, value)
            return value

        return check

    for kind in (str, int, bool):
        strict.register_structure_hook(kind, plain(kind))
    classes = {}
    for module in pkgutil.iter_modules(generated.__path__):
        for name, member in vars(importlib.import_module(f"openlineage.client.generated.{module.name}")).items():
            if isinstance(member, type) and issubclass(member, base.BaseFacet):
                classes[name] = member
    seen = set()

    def facets(found):
        for name, facet in (found or {}).items():
            producer, schema = facet.pop("_producer"), facet.pop("_schemaURL")
            assert producer.startswith("https://"), producer
            if name == "outis_evidence":
                assert schema.startswith("https://outis.invalid/"), schema
                continue
            of = classes[schema.rsplit("/", 1)[1]]
            assert of._get_schema() == schema, (of._get_schema(), schema)
            strict.structure(facet, of)
            seen.add(name)

    kinds, runs = [], set()
    for line in (folder / "openlineage.jsonl").read_text().splitlines():
        event = json.loads(line)
        kinds.append(event["eventType"])
        runs.add(event["run"]["runId"])
        assert event.pop("schemaURL") == event_v2.RunEvent._get_schema(), event_v2.RunEvent._get_schema()
        facets(event["run"].pop("facets"))
        facets(event["job"].pop("facets"))
        for dataset in event.get("inputs", []) + event.get("outputs", []):
            facets(dataset.pop("facets", None))
            facets(dataset.pop("inputFacets", None))
            facets(dataset.pop("outputFacets", None))
        inputs = [event_v2.InputDataset(**dataset) for dataset in event.pop("inputs", [])]
        outputs = [event_v2.OutputDataset(**dataset) for dataset in event.pop("outputs", [])]
        run, job = event_v2.Run(**event.pop("run")), event_v2.Job(**event.pop("job"))
        kind = event_v2.RunState[event.pop("eventType")]
        event_v2.RunEvent(eventType=kind, run=run, job=job, inputs=inputs, outputs=outputs, **event)
    assert len(runs) == 1 and kinds[0] == "START" and len(kinds) == 2, kinds
    wanted = {"COMPLETE": {"columnLineage", "test", "inputStatistics", "outputStatistics", "datasetVersion", "tags"}}
    assert wanted.get(kinds[1], {"test"}) <= seen, seen


SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix spdx: <http://spdx.org/rdf/terms#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix csvw: <http://www.w3.org/ns/csvw#> . @prefix : <urn:shapes:> .
:Dataset a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:nodeKind sh:IRI ;
  sh:property [ sh:path dct:title ; sh:minCount 1 ; sh:nodeKind sh:Literal ] ;
  sh:property [ sh:path dct:description ; sh:minCount 1 ; sh:nodeKind sh:Literal ] ;
  sh:property [ sh:path dct:identifier ; sh:minCount 1 ; sh:nodeKind sh:Literal ] ;
  sh:property [ sh:path dct:publisher ; sh:minCount 1 ; sh:maxCount 1 ; sh:class foaf:Agent ] ;
  sh:property [ sh:path dcat:contactPoint ; sh:minCount 1 ; sh:class vcard:Kind ] ;
  sh:property [ sh:path dcat:theme ; sh:minCount 1 ; sh:class skos:Concept ] ;
  sh:property [ sh:path dct:accrualPeriodicity ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ; sh:class dct:Frequency ] ;
  sh:property [ sh:path dct:accessRights ; sh:minCount 1 ; sh:maxCount 1 ; sh:class dct:RightsStatement ] ;
  sh:property [ sh:path dct:license ; sh:minCount 1 ; sh:class dct:LicenseDocument ] ;
  sh:property [ sh:path dct:rights ; sh:minCount 1 ; sh:class dct:RightsStatement ] ;
  sh:property [ sh:path dct:issued ; sh:minCount 1 ; sh:datatype xsd:date ] ;
  sh:property [ sh:path ( dct:temporal dcat:startDate ) ; sh:minCount 1 ; sh:datatype xsd:date ] ;
  sh:property [ sh:path csvw:tableSchema ; sh:minCount 1 ; sh:class csvw:Schema ] ;
  sh:property [ sh:path dcat:distribution ; sh:minCount 1 ; sh:class dcat:Distribution ] .
:Distribution a sh:NodeShape ; sh:targetClass dcat:Distribution ;
  sh:property [ sh:path dcat:accessURL ; sh:minCount 1 ; sh:nodeKind sh:IRI ] ;
  sh:property [ sh:path dcat:downloadURL ; sh:minCount 1 ; sh:nodeKind sh:IRI ] ;
  sh:property [ sh:path dcat:mediaType ; sh:minCount 1 ; sh:maxCount 1 ; sh:class dct:MediaType ] ;
  sh:property [ sh:path dcat:byteSize ; sh:minCount 1 ; sh:datatype xsd:nonNegativeInteger ] ;
  sh:property [ sh:path ( spdx:checksum spdx:checksumValue ) ; sh:minCount 1 ; sh:datatype xsd:hexBinary ] .
"""


def catalogue():
    """JSON-LD by rdflib, held to DCAT 3 in SHACL by pyshacl; the checksum and size of every file by Python."""
    import hashlib

    import pyshacl
    import rdflib

    graph = rdflib.Graph().parse(folder / "catalog.json", format="json-ld", publicID=f"file://{folder}/catalog.json")
    shapes = rdflib.Graph().parse(data=SHAPES, format="turtle")
    holds, _, report = pyshacl.validate(graph, shacl_graph=shapes)
    assert holds, report
    dcat, spdx = rdflib.Namespace("http://www.w3.org/ns/dcat#"), rdflib.Namespace("http://spdx.org/rdf/terms#")
    files = list(graph.subjects(rdflib.RDF.type, dcat.Distribution))
    assert files
    for file in files:
        path = pathlib.Path(str(graph.value(file, dcat.downloadURL)).removeprefix("file://"))
        digest = str(graph.value(graph.value(file, spdx.checksum), spdx.checksumValue))
        assert digest.lower() == hashlib.sha256(path.read_bytes()).hexdigest(), path
        assert int(graph.value(file, dcat.byteSize)) == path.stat().st_size
    # without a mandatory field it does not hold: the shapes can fail
    for triple in list(graph.triples((None, rdflib.DCTERMS.publisher, None))):
        graph.remove(triple)
    assert not pyshacl.validate(graph, shacl_graph=shapes)[0]


def certificate():
    """The certificate of a release by its published schema, and no number with a fraction anywhere."""
    import jsonschema

    schema = json.loads((pathlib.Path(__file__).parents[2] / "docs/certificate.schema.json").read_text())
    payload = (folder / "evidence/certificate.json").read_bytes().strip()
    if "payload" in json.loads(payload):  # signed; without a key the statement stands bare
        payload = base64.b64decode(json.loads(payload)["payload"])

    def refuse(number):
        raise AssertionError(f"a fraction: {number}")

    document = json.loads(payload, parse_float=refuse)
    assert json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == payload
    check = jsonschema.Draft202012Validator(schema)
    check.check_schema(schema)
    check.validate(document)
    for part in list(document["predicate"]):
        spoilt = {**document, "predicate": {key: value for key, value in document["predicate"].items() if key != part}}
        assert not check.is_valid(spoilt), part


{"certificate": certificate, "root": root, "envelope": envelope, "lineage": lineage, "catalogue": catalogue}[what]()
print("ok")
